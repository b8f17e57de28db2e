import { TranslationBundle } from '@jupyterlab/translation';
import { IDisposable } from '@lumino/disposable';
import { Throttler } from '@lumino/polling';
import { ISignal, Signal } from '@lumino/signaling';

import { IConnection, INotebooks, ISettings } from '../tokens';
import { IRun } from './runs';
import {
  begun,
  BLANK,
  disconnected,
  INotice,
  ISessionState,
  ITask,
  NotebookMessage,
  Place,
  receive,
  refused
} from './state';

/** Milliseconds between two drawings of a reply while it is written. */
const STREAMING_INTERVAL = 80;

/** The store of one notebook: what the server has sent about it, and what the user has asked for in it. */
export class NotebookSession implements IDisposable {
  constructor(readonly options: NotebookSession.IOptions) {
    this._path = options.path;
    options.connection.stateChanged.connect(this._onConnection, this);
  }

  /** The notebook's path in Jupyter's contents. */
  get path(): string {
    return this._path;
  }

  get state(): ISessionState {
    return this._state;
  }

  /** Emitted when the state has changed, except for a piece of a reply. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** Emitted now and then while a reply is written. */
  get streamed(): ISignal<this, void> {
    return this._streamed;
  }

  /** Emitted with a task from the chat that will not run. */
  get taskReturned(): ISignal<this, ITask> {
    return this._taskReturned;
  }

  get isDisposed(): boolean {
    return this._throttler.isDisposed;
  }

  dispose(): void {
    if (!this.isDisposed) {
      this._throttler.dispose();
      Signal.clearData(this);
    }
  }

  /** Take in a message of the server's. */
  receive(message: NotebookMessage): void {
    if (message.type === 'event' && message.event.type === 'reply_delta') {
      this._state = receive(this._state, message);
      void this._throttler.invoke();
      return;
    }
    this.set(receive(this._state, message));
    if (message.type === 'history' && this._isUnsure) {
      this._isUnsure = false;
      this._settleTasks();
    } else if (
      message.type === 'event' &&
      message.event.type === 'run_undone'
    ) {
      const { left } = message.event;
      this.notify('notebook', 'note', this._undoneText(left.length), left);
    }
  }

  /** Change a part of the state. */
  set(change: Partial<ISessionState>): void {
    const isSame = Object.entries(change).every(
      ([key, value]) => this._state[key as keyof ISessionState] === value
    );
    if (!isSame && !this.isDisposed) {
      this._state = { ...this._state, ...change };
      this._changed.emit();
    }
  }

  /** Show the user something that is no part of the conversation. */
  notify(
    place: Place,
    tone: INotice['tone'],
    text: string,
    cells: readonly string[] = []
  ): void {
    const { notices } = this._state;
    this.set({ notices: { ...notices, [place]: { tone, text, cells } } });
  }

  /** Give up the pending task, and give it back to the chat if it comes from there. */
  returnTask(place: Place): void {
    const { pending } = this._state;
    this.set({ pending: null });
    if (pending && place === 'chat') {
      this._taskReturned.emit(pending);
    }
  }

  rename(path: string): void {
    this._path = path;
    this._changed.emit();
  }

  private _onConnection(connection: IConnection): void {
    if (connection.state === 'closed') {
      this._isUnsure = true;
      this._lastSeenRun = this._lastRun?.id ?? null;
      this.set(disconnected(this._state));
    }
  }

  /** After a lost connection: see whether what was asked had arrived. */
  private _settleTasks(): void {
    const { handoffs, pending } = this._state;
    const { trans } = this.options;
    const last = this._lastRun;
    const begunUnseen = last?.id === this._lastSeenRun ? null : last;
    const lost = trans.__('The connection was lost before the task arrived.');
    this.set({
      handoffs: refused(
        begunUnseen
          ? begun(handoffs, begunUnseen.task, begunUnseen.id)
          : handoffs,
        lost
      )
    });
    if (pending && begunUnseen?.task === pending.task) {
      this.set({ pending: null });
    } else if (pending) {
      this.returnTask('chat');
      this.notify(
        'chat',
        'alert',
        trans.__(
          'The connection was lost before your task arrived. It is in the box below again.'
        )
      );
    }
  }

  private get _lastRun(): IRun | undefined {
    const { runs } = this._state.conversation;
    return runs[runs.length - 1];
  }

  private _undoneText(left: number): string {
    const { trans } = this.options;
    return left === 0
      ? trans.__('The notebook is as it was before the run.')
      : trans._n(
          'The run was undone, except for %1 cell that was changed since and was left alone.',
          'The run was undone, except for %1 cells that were changed since and were left alone.',
          left
        );
  }

  private _changed = new Signal<this, void>(this);
  /** Whether what was asked last may not have reached the server. */
  private _isUnsure = false;
  /** The last run there was when the connection was lost. */
  private _lastSeenRun: string | null = null;
  private _path: string;
  private _state = BLANK;
  private _streamed = new Signal<this, void>(this);
  private _taskReturned = new Signal<this, ITask>(this);
  private _throttler = new Throttler(() => this._streamed.emit(), {
    limit: STREAMING_INTERVAL,
    edge: 'trailing'
  });
}

export namespace NotebookSession {
  export interface IOptions {
    connection: IConnection;
    notebooks: Pick<INotebooks, 'source'>;
    path: string;
    /** What every task of the user's is sent with. */
    settings?: Pick<ISettings, 'guidance' | 'instructions'> | null;
    trans: TranslationBundle;
  }
}
