import { PathExt } from '@jupyterlab/coreutils';
import { TranslationBundle } from '@jupyterlab/translation';
import { ReactWidget } from '@jupyterlab/ui-components';
import { ISignal, Signal } from '@lumino/signaling';
import * as React from 'react';

import { Activities } from './activity';

/** In the status bar: in how many notebooks agents work, and which one waits. A click leads there. */
export class ActivityStatus extends ReactWidget {
  constructor(private _options: ActivityStatus.IOptions) {
    super();
    _options.activities.changed.connect(() => {
      this.update();
      this._activeChanged.emit();
    }, this);
  }

  /** Emitted when there may be something else to show, or nothing any more. */
  get activeChanged(): ISignal<this, void> {
    return this._activeChanged;
  }

  /** Whether there is anything to show. */
  get isActive(): boolean {
    return this._first !== undefined;
  }

  protected override render(): React.JSX.Element | null {
    const { activities, agentOf, show, trans } = this._options;
    const first = this._first;
    if (first === undefined) {
      return null;
    }
    const waiting = activities.paths('waiting').length;
    const working = activities.paths('working').length;
    const name = PathExt.basename(first);
    const agents = new Set(
      activities.paths(waiting ? 'waiting' : 'working').map(agentOf)
    );
    const [who] = agents;
    const many = agents.size > 1;
    const text = waiting
      ? waiting > 1
        ? many
          ? trans.__('Agents wait in %1 notebooks', waiting)
          : trans.__('%1 waits in %2 notebooks', who, waiting)
        : trans.__('%1 waits in %2', who, name)
      : working > 1
        ? many
          ? trans.__('Agents work in %1 notebooks', working)
          : trans.__('%1 works in %2 notebooks', who, working)
        : trans.__('%1 works in %2', who, name);
    return (
      <button
        type="button"
        className="jp-CodeAct-activity"
        data-activity={waiting ? 'waiting' : 'working'}
        title={trans.__('Show %1', name)}
        onClick={() => show(first)}
      >
        {text}
      </button>
    );
  }

  private _activeChanged = new Signal<this, void>(this);

  private get _first(): string | undefined {
    const { activities } = this._options;
    return activities.paths('waiting')[0] ?? activities.paths('working')[0];
  }
}

export namespace ActivityStatus {
  export interface IOptions {
    activities: Activities;
    /** Who works in a notebook. */
    agentOf: (path: string) => string;
    /** Bring a notebook in front, with the panel. */
    show: (path: string) => void;
    trans: TranslationBundle;
  }
}
