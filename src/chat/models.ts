import { TranslationBundle } from '@jupyterlab/translation';
import { IDisposable } from '@lumino/disposable';
import { ISignal, Signal } from '@lumino/signaling';

import {
  FromServer,
  ModelChoice,
  ModelList,
  ModelStatus,
  SaveEndpoint,
  SetPreferences,
  TestEndpoint
} from '../protocol';
import { Request } from '../requests';
import { IConnection } from '../tokens';

/** The models the user can choose from, and the state of the chosen one. */
export class Models implements IDisposable {
  constructor(
    private _connection: IConnection,
    private _trans: TranslationBundle
  ) {
    _connection.received.connect(this._onReceived, this);
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get status(): ModelStatus | null {
    return this._status;
  }

  /** `null` until the server has sent them. */
  get choices(): readonly ModelChoice[] | null {
    return this._list?.choices ?? null;
  }

  /** The id of the chosen one. */
  get chosen(): string | null {
    return this._list?.chosen ?? null;
  }

  /** Why the server refused the last request, as a sentence. */
  get problem(): string | null {
    return this._problem;
  }

  /** Whether the model is downloading or loading. */
  get isComing(): boolean {
    const state = this._status?.state;
    return state === 'downloading' || state === 'loading';
  }

  refresh(): void {
    this._send({ type: 'list_models' });
  }

  choose(choice: string): void {
    this._send({ type: 'choose_model', choice });
  }

  /** Choose a model as soon as the server can be asked. */
  chooseFirst(choice: string): void {
    if (this._connection.state === 'open') {
      this.choose(choice);
    } else {
      const onState = (connection: IConnection) => {
        if (connection.state === 'open') {
          connection.stateChanged.disconnect(onState);
          this.choose(choice);
        }
      };
      this._connection.stateChanged.connect(onState);
    }
  }

  /** Add an endpoint, or change the one of that name; without a key, it keeps the one it has. */
  saveEndpoint(endpoint: Omit<SaveEndpoint, 'type' | 'id'>): void {
    this._send({ type: 'save_endpoint', ...endpoint });
  }

  /** Set how a model works, or all or one of those of an endpoint. */
  setPreferences(preferences: Omit<SetPreferences, 'type' | 'id'>): void {
    this._send({ type: 'set_preferences', ...preferences });
  }

  removeEndpoint(name: string): void {
    this._send({ type: 'remove_endpoint', name });
  }

  /**
   * Load the model if it is only to be loaded, so that it is ready when the user asks.
   *
   * A download is theirs to begin.
   */
  warm(): void {
    this._isWanted = this._status === null;
    if (this._status?.state === 'stopped') {
      this.start();
    }
  }

  /** Ask whether an endpoint answers; resolves to the models it lists, or rejects with a sentence for the user. */
  test(endpoint: Omit<TestEndpoint, 'type' | 'id'>): Promise<string[]> {
    return new Promise((resolve, reject) => {
      this._onTested = resolve;
      const isSent = this._connection.request(
        { type: 'test_endpoint', ...endpoint },
        message => reject(new Error(message))
      );
      if (!isSent) {
        reject(
          new Error(this._trans.__('The CodeAct server cannot be reached.'))
        );
      }
    });
  }

  /** Download, load, or try again. */
  start(): void {
    this._send({ type: 'control_model', action: 'start' });
  }

  stop(): void {
    this._send({ type: 'control_model', action: 'stop' });
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

  private _send(request: Request): void {
    this._problem = null;
    this._connection.request(request, message => {
      this._problem = message;
      this._changed.emit();
    });
    this._changed.emit();
  }

  private _onReceived(_: IConnection, message: FromServer): void {
    switch (message.type) {
      case 'model_status':
        this._status = message;
        if (this._isWanted) {
          this.warm();
        }
        break;
      case 'model_list':
        this._list = message;
        break;
      case 'endpoint_tested':
        this._onTested?.(message.models);
        this._onTested = null;
        return;
      default:
        return;
    }
    this._changed.emit();
  }

  private _changed = new Signal<this, void>(this);
  private _isDisposed = false;
  /** Whether to load the model as soon as its state is known. */
  private _isWanted = false;
  private _list: ModelList | null = null;
  private _onTested: ((models: string[]) => void) | null = null;
  private _problem: string | null = null;
  private _status: ModelStatus | null = null;
}
