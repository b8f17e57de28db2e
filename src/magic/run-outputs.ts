import { CodeCell } from '@jupyterlab/cells';
import { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';
import { TranslationBundle } from '@jupyterlab/translation';
import { IDisposable } from '@lumino/disposable';
import { ISignal, Signal } from '@lumino/signaling';

import { NotebookSession } from '../session/session';
import { ISessions } from '../session/sessions';
import {
  IRunData,
  isOver,
  MIME_TYPE,
  partsFor,
  readRun,
  runDataIn
} from './run-data';

/**
 * Keeps the outputs below `%codeact` up to date with their runs.
 *
 * What they show comes from the session. Which run is whose is known from the handoff or, after a reload, from the
 * run's id in the output: nothing is ever started or stopped because of what an output holds.
 */
export class RunOutputs implements IDisposable {
  constructor(private _options: RunOutputs.IOptions) {
    _options.sessions.changed.connect(this._onSession, this);
  }

  /** Emitted with what has changed about a run that was handed over to this page. */
  get changed(): ISignal<this, IRunData> {
    return this._changed;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    if (!this._isDisposed) {
      this._isDisposed = true;
      Signal.clearData(this);
    }
  }

  private _onSession(_: ISessions, session: NotebookSession): void {
    const parts = partsFor(session.state);
    const drawn = this._drawn.get(session);
    if (drawn && parts.every((part, index) => part === drawn[index])) {
      return;
    }
    this._drawn.set(session, parts);
    for (const { id, task } of session.state.handoffs) {
      const data: IRunData = { version: 1, id, task, state: 'handed' };
      this._emit(runDataIn(session.state, data));
    }
    this._options.tracker.forEach(panel => {
      if (panel.context.localPath === session.path) {
        this._update(panel, session);
      }
    });
  }

  private _emit(data: IRunData | null): void {
    if (data && !this._over.has(data.id)) {
      if (isOver(data)) {
        this._over.add(data.id);
      }
      this._changed.emit(data);
    }
  }

  private _update(panel: NotebookPanel, { state }: NotebookSession): void {
    for (const cell of panel.content.widgets) {
      if (!(cell instanceof CodeCell)) {
        continue;
      }
      const { outputs } = cell.model;
      for (let index = 0; index < outputs.length; index++) {
        const data = readRun(outputs.get(index).data[MIME_TYPE]);
        const changed = data && !isOver(data) && runDataIn(state, data);
        if (changed) {
          outputs.set(index, {
            output_type: 'display_data',
            metadata: {},
            data: {
              [MIME_TYPE]: { ...changed },
              'text/plain': plainText(changed, this._options.trans)
            }
          });
        }
      }
    }
  }

  private _changed = new Signal<this, IRunData>(this);
  private _drawn = new WeakMap<NotebookSession, readonly unknown[]>();
  private _isDisposed = false;
  /** The handoffs whose end was emitted. */
  private _over = new Set<string>();
}

export namespace RunOutputs {
  export interface IOptions {
    sessions: ISessions;
    tracker: INotebookTracker;
    trans: TranslationBundle;
  }
}

/** What frontends show that do not know the MIME type. */
function plainText(data: IRunData, trans: TranslationBundle): string {
  switch (data.state) {
    case 'ended':
    case 'refused':
      return data.answer || data.message || trans.__('CodeAct gave no answer.');
    case 'waiting':
      return trans.__('CodeAct waits for your approval.');
    default:
      return trans.__('CodeAct is at work.');
  }
}
