import { TranslationBundle } from '@jupyterlab/translation';
import { IDisposable } from '@lumino/disposable';
import { Signal } from '@lumino/signaling';

import { FromServer, Happened, History } from '../protocol';
import { IConnection, INotebooks } from '../tokens';
import { Composer } from './composer';
import { fromHistory, happen, IConversation } from './conversation';
import { Views } from './view';

/** Brings what the server says into the notebooks' views. */
export class Incoming implements IDisposable {
  constructor(private _options: Incoming.IOptions) {
    const { connection } = _options;
    connection.received.connect(this._onReceived, this);
    connection.stateChanged.connect(this._onConnection, this);
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    if (!this._isDisposed) {
      this._isDisposed = true;
      Signal.disconnectReceiver(this);
    }
  }

  private _onReceived(_: IConnection, message: FromServer): void {
    const path =
      'notebook' in message
        ? this._options.notebooks.resolve(message.notebook)
        : '';
    switch (message.type) {
      case 'history':
        this._onHistory(path, message);
        break;
      case 'happened':
        this._onHappened(path, message);
        break;
      case 'refused':
        if (path) {
          this._options.views.set(path, { answered: null, stopping: false });
          this._options.composer.giveBack(path);
          this._options.views.notify(path, 'alert', message.message);
        }
        break;
      case 'mode_is':
        this._options.views.set(path, { mode: message.mode });
        break;
      case 'conversation_list': {
        const { conversations } = message;
        this._options.views.set(path, { conversations });
        break;
      }
      case 'checking':
        this._options.views.set(path, { check: message });
        break;
      default:
        break; // the notebook's, or about models
    }
  }

  private _onHistory(path: string, history: History): void {
    const before = this._options.views.get(path);
    const conversation = fromHistory(history, before.conversation);
    this._options.views.set(path, {
      conversation,
      answered: null,
      mode: history.mode,
      stopping: before.stopping && history.running
    });
    if (this._unsure.delete(path) && before.pending !== null) {
      this._giveBack(path, conversation);
    }
  }

  /** After a lost connection: see whether the task had arrived, and else put it back into the composer. */
  private _giveBack(path: string, conversation: IConversation): void {
    const tasks = conversation.messages.filter(
      ({ sender }) => sender === 'user'
    );
    if (
      tasks[tasks.length - 1]?.body ===
      this._options.views.get(path).pending?.task
    ) {
      this._options.views.set(path, { pending: null });
      return;
    }
    this._options.composer.giveBack(path);
    this._options.views.notify(
      path,
      'alert',
      this._options.trans.__(
        'The connection was lost before your task arrived. It is in the box below again.'
      )
    );
  }

  private _onHappened(path: string, { event }: Happened): void {
    const conversation = happen(
      this._options.views.get(path).conversation,
      event
    );
    const settled = { conversation, pending: null, stopping: false };
    switch (event.type) {
      case 'reply_delta':
        this._options.views.setOften(path, { conversation });
        break;
      case 'run_started':
        this._options.views.set(path, { ...settled, notice: null });
        break;
      case 'run_ended':
        this._options.views.set(path, { ...settled, answered: null });
        break;
      case 'decided':
        this._options.views.set(path, { conversation, answered: null });
        break;
      default:
        this._options.views.set(path, { conversation });
        break;
    }
  }

  private _onConnection(connection: IConnection): void {
    if (connection.state === 'closed') {
      for (const path of this._options.views.where(
        ({ pending }) => pending !== null
      )) {
        this._unsure.add(path);
      }
    }
  }

  private _isDisposed = false;
  /** Notebooks whose pending task may or may not have reached the server. */
  private _unsure = new Set<string>();
}

export namespace Incoming {
  export interface IOptions {
    connection: IConnection;
    composer: Composer;
    notebooks: INotebooks;
    trans: TranslationBundle;
    views: Views;
  }
}
