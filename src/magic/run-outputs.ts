import { CodeCell } from '@jupyterlab/cells';
import { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';
import { TranslationBundle } from '@jupyterlab/translation';
import { IDisposable } from '@lumino/disposable';
import { ISignal, Signal } from '@lumino/signaling';

import { FromServer, Happened } from '../protocol';
import { IConnection } from '../tokens';
import { IRunData, MIME_TYPE, readRun } from './run-data';

type Event = Happened['event'];

/**
 * Keeps the outputs below `%codeact` up to date with their runs.
 *
 * What they show comes from the server's events, and which run is whose from the page's own memory or, after a
 * reload, from the run's id in the output: nothing is ever started or stopped by what an output holds.
 */
export class RunOutputs implements IDisposable {
  constructor(private _options: RunOutputs.IOptions) {
    _options.connection.received.connect(this._onReceived, this);
  }

  /** Emitted with what is new about a run of this page. */
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

  /** Expect a run that was just asked for. */
  expect(notebook: string, data: IRunData): void {
    this._expected.set(notebook, data);
  }

  /** The notebook in which a run is under way now, as the server says; `null` if it is not. */
  placeOf(run: string | undefined): string | null {
    return (run && this._live.get(run)) || null;
  }

  /** The server's id of the run that a task was handed over for; `null` if there is none. */
  runOf(id: string): string | null {
    for (const data of this._runs.values()) {
      if (data.id === id) {
        return data.run ?? null;
      }
    }
    return null;
  }

  private _onReceived(_: IConnection, message: FromServer): void {
    switch (message.type) {
      case 'happened':
        if (message.event.type !== 'reply_delta') {
          this._onEvent(message.notebook, message.event);
        }
        break;
      case 'history':
        for (const [run, notebook] of this._live) {
          if (notebook === message.notebook) {
            this._live.delete(run);
          }
        }
        if (message.running) {
          message.events.forEach(event => this._note(message.notebook, event));
        }
        this._update(message.notebook, data =>
          data.state === 'ended' || data.state === 'refused'
            ? null
            : latest(data, message.events)
        );
        break;
      case 'refused':
        this._refuse(message.notebook, message.message);
        break;
      default:
        break;
    }
  }

  private _onEvent(notebook: string, event: Event): void {
    const expected = this._expected.get(notebook);
    this._note(notebook, event);
    if (event.type === 'run_started' && expected?.task === event.task) {
      this._expected.delete(notebook);
      this._runs.set(event.run, { ...expected, run: event.run });
      this._update(notebook, data =>
        data.id === expected.id
          ? { ...data, run: event.run, state: 'running' }
          : null
      );
      return;
    }
    const known = this._runs.get(event.run);
    if (known) {
      const next = after(known, event);
      this._runs.set(event.run, next);
      this._changed.emit(next);
    }
    this._update(notebook, data =>
      data.run === event.run ? after(data, event) : null
    );
  }

  private _note(notebook: string, event: Event): void {
    if (event.type === 'run_ended') {
      this._live.delete(event.run);
    } else {
      this._live.set(event.run, notebook);
    }
  }

  private _refuse(notebook: string, message: string): void {
    const expected = this._expected.get(notebook);
    if (expected) {
      this._expected.delete(notebook);
      const refused: IRunData = { ...expected, state: 'refused', message };
      this._changed.emit(refused);
      this._update(notebook, data =>
        data.id === expected.id ? refused : null
      );
    }
  }

  private _update(
    notebook: string,
    next: (data: IRunData) => IRunData | null
  ): void {
    this._options.tracker.forEach(panel => {
      if (panel.context.localPath === notebook) {
        this._updatePanel(panel, next);
      }
    });
  }

  private _updatePanel(
    panel: NotebookPanel,
    next: (data: IRunData) => IRunData | null
  ): void {
    for (const cell of panel.content.widgets) {
      if (!(cell instanceof CodeCell)) {
        continue;
      }
      const { outputs } = cell.model;
      for (let index = 0; index < outputs.length; index++) {
        const output = outputs.get(index);
        const data = readRun(output.data[MIME_TYPE]);
        const changed = data && next(data);
        if (changed) {
          outputs.set(index, {
            output_type: 'display_data',
            metadata: {},
            data: {
              [MIME_TYPE]: { ...changed },
              'text/plain': inWords(changed, this._options.trans)
            }
          });
        }
      }
    }
  }

  private _changed = new Signal<this, IRunData>(this);
  private _expected = new Map<string, IRunData>();
  private _isDisposed = false;
  private _live = new Map<string, string>();
  private _runs = new Map<string, IRunData>();
}

export namespace RunOutputs {
  export interface IOptions {
    connection: IConnection;
    tracker: INotebookTracker;
    trans: TranslationBundle;
  }
}

/** What is to be shown after an event of the run. */
function after(data: IRunData, event: Event): IRunData {
  const turn = event.turn || data.turn;
  switch (event.type) {
    case 'run_ended':
      return {
        ...data,
        turn,
        state: 'ended',
        answered: event.ending === 'answered',
        answer: event.answer,
        message: event.message
      };
    case 'observation': // the model is shown it, and takes its next turn
      return { ...data, turn: event.turn + 1, state: 'running' };
    case 'asked':
      return { ...data, turn, state: 'waiting' };
    case 'run_undone':
      return data;
    default:
      return { ...data, turn, state: 'running' };
  }
}

function latest(data: IRunData, events: readonly Event[]): IRunData | null {
  const own = events.filter(event => event.run === data.run);
  return own.length ? own.reduce(after, data) : null;
}

/** What frontends show that do not know the MIME type. */
function inWords(data: IRunData, trans: TranslationBundle): string {
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
