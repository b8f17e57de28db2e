import { TranslationBundle } from '@jupyterlab/translation';
import { Token } from '@lumino/coreutils';
import { IDisposable } from '@lumino/disposable';
import { ISignal, Signal } from '@lumino/signaling';

import { FromServer, Refused } from '../protocol';
import { IConnection, INotebooks, ISettings } from '../tokens';
import { SessionActions } from './actions';
import { currentRun } from './selectors';
import { NotebookSession } from './session';
import { ITask, Place } from './state';

/** The stores of the notebooks on this page. */
export interface ISessions extends IDisposable {
  /** Emitted with the session whose state has changed, except for a piece of a reply. */
  readonly changed: ISignal<ISessions, NotebookSession>;

  /** Emitted now and then with a session while a reply is written in it. */
  readonly streamed: ISignal<ISessions, NotebookSession>;

  /** Emitted with a task from a notebook's chat that will not run. */
  readonly taskReturned: ISignal<ISessions, { path: string; task: ITask }>;

  /** The session of the notebook with this path. */
  get(path: string): NotebookSession;

  /** What the user can do in the notebook with this path, from one part of the page. */
  actions(path: string, place: Place): SessionActions;

  /** The session in which a run is under way; `null` if it is not. */
  withRun(run: string): NotebookSession | null;
}

export const ISessions = new Token<ISessions>(
  'jupyter-codeact:ISessions',
  'What is known of the notebooks on this page.'
);

/** Passes the server's messages to the sessions of their notebooks. */
export class Sessions implements ISessions {
  constructor(private _options: Sessions.IOptions) {
    const { connection, notebooks } = _options;
    connection.received.connect(this._onReceived, this);
    notebooks.moved.connect((_, { path, cellId }) => {
      const session = this.get(path);
      const runs = session.state.conversation.runs.length;
      session.set({ moved: { cellId, runs, isExact: false } });
    }, this);
    notebooks.renamed.connect(this._onRenamed, this);
    notebooks.closed.connect((_, path) => this._close(path), this);
  }

  get changed(): ISignal<this, NotebookSession> {
    return this._changed;
  }

  get streamed(): ISignal<this, NotebookSession> {
    return this._streamed;
  }

  get taskReturned(): ISignal<this, { path: string; task: ITask }> {
    return this._taskReturned;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    if (!this._isDisposed) {
      this._isDisposed = true;
      [...this._sessions.keys()].forEach(path => this._close(path));
      Signal.clearData(this);
    }
  }

  get(path: string): NotebookSession {
    let session = this._sessions.get(path);
    if (!session) {
      session = new NotebookSession({ ...this._options, path });
      session.changed.connect(one => this._changed.emit(one), this);
      session.streamed.connect(one => this._streamed.emit(one), this);
      session.taskReturned.connect(
        (one, task) => this._taskReturned.emit({ path: one.path, task }),
        this
      );
      this._sessions.set(path, session);
    }
    return session;
  }

  actions(path: string, place: Place): SessionActions {
    return new SessionActions(this.get(path), place);
  }

  withRun(run: string): NotebookSession | null {
    return (
      [...this._sessions.values()].find(
        ({ state }) => currentRun(state)?.id === run
      ) ?? null
    );
  }

  private _onReceived(_: IConnection, message: FromServer): void {
    switch (message.type) {
      case 'history':
      case 'event':
      case 'approval_changed':
      case 'conversation_list':
      case 'variable_list':
      case 'instruction_list':
      case 'checking':
        this._find(message.notebook).receive(message);
        break;
      case 'refused':
        this._onRefused(message);
        break;
      default:
        break; // about models, or a command
    }
  }

  /** Show a refusal that had no sender to go to: in its notebook, or in all if it names none. */
  private _onRefused({ message, notebook }: Refused): void {
    const sessions = notebook
      ? [this._find(notebook)]
      : [...this._sessions.values()];
    sessions.forEach(session => session.notify('chat', 'alert', message));
  }

  private _find(notebook: string): NotebookSession {
    return this.get(this._options.notebooks.resolve(notebook));
  }

  private _onRenamed(
    _: unknown,
    { from, to }: { from: string; to: string }
  ): void {
    const session = this._sessions.get(from);
    if (session) {
      this._close(to);
      this._sessions.delete(from);
      this._sessions.set(to, session);
      session.rename(to);
    }
  }

  private _close(path: string): void {
    this._sessions.get(path)?.dispose();
    this._sessions.delete(path);
  }

  private _changed = new Signal<this, NotebookSession>(this);
  private _isDisposed = false;
  private _sessions = new Map<string, NotebookSession>();
  private _streamed = new Signal<this, NotebookSession>(this);
  private _taskReturned = new Signal<this, { path: string; task: ITask }>(this);
}

export namespace Sessions {
  export interface IOptions {
    connection: IConnection;
    notebooks: Pick<
      INotebooks,
      | 'activeCell'
      | 'cells'
      | 'closed'
      | 'moved'
      | 'renamed'
      | 'resolve'
      | 'source'
    >;
    settings?: Pick<ISettings, 'guidance' | 'instructions'> | null;
    trans: TranslationBundle;
  }
}
