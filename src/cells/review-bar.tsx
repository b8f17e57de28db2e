import { NotebookPanel } from '@jupyterlab/notebook';
import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { brief } from '../brief';
import { changesText } from '../session/changes';
import { SessionActions } from '../session/actions';
import { IRun } from '../session/runs';
import { Reviews } from '../session/reviews';
import { ISessions } from '../session/sessions';
import { NotebookBar } from './notebook-bar';

/** A bar above a notebook's cells while the user goes through what a run changed. */
export class ReviewBar extends NotebookBar {
  constructor(private _options: ReviewBar.IOptions) {
    super(_options.panel);
    this.addClass('jp-CodeAct-reviewBar');
    const { panel, sessions } = _options;
    sessions.changed.connect((_, { path }) => {
      if (path === panel.context.localPath && this._run !== this._drawn) {
        this._drawn = this._run;
        this.setHidden(this._drawn === null);
        this.update();
      }
    }, this);
    this.hide();
  }

  protected override render(): React.JSX.Element | null {
    const { review, trans } = this._options;
    const run = this._run;
    if (!run) {
      return null;
    }
    const isAll = (set: ReadonlySet<string>) => set.size >= run.cells.size;
    return (
      <div
        className="jp-CodeAct-noticeLine"
        role="group"
        aria-label={trans.__('What CodeAct changed')}
      >
        <span title={run.task}>
          {trans.__('“%1”: %2', brief(run.task), changesText(run, trans))}
        </span>
        {this._button(trans.__('Show'), () => review.step(this._path, 1))}
        {!run.undone && (
          <>
            {this._button(trans.__('Keep All'), () =>
              this._actions.keep(run.id)
            )}
            {this._button(trans.__('Undo All'), () =>
              this._actions.undo(run.id)
            )}
          </>
        )}
        {run.takenCells.size > 0 &&
          this._button(
            isAll(run.takenCells) ? trans.__('Redo All') : trans.__('Redo'),
            () => this._actions.redo(run.id)
          )}
        {this._button(trans.__('Done'), () => this._actions.review(null))}
      </div>
    );
  }

  private _button(label: string, onClick: () => void): React.JSX.Element {
    return (
      <button className="jp-Button jp-mod-minimal" onClick={onClick}>
        {label}
      </button>
    );
  }

  private get _path(): string {
    return this.panel.context.localPath;
  }

  private get _actions(): SessionActions {
    return this._options.sessions.actions(this._path, 'notebook');
  }

  private get _run(): IRun | null {
    return this._options.review.runOf(this._path);
  }

  private _drawn: IRun | null = null;
}

export namespace ReviewBar {
  export interface IOptions {
    panel: NotebookPanel;
    review: Reviews;
    sessions: ISessions;
    trans: TranslationBundle;
  }
}
