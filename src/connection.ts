import {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';
import { UUID } from '@lumino/coreutils';
import { ISignal, Signal } from '@lumino/signaling';

import { FromServer } from './protocol';
import { OnRefused, Request, Requests } from './requests';
import { Answer, ConnectionState, IConnection } from './tokens';

/** Milliseconds before the first attempt to reconnect; doubled for each further one. */
const FIRST_DELAY = 500;
const LONGEST_DELAY = 30_000;

export class Connection implements IConnection {
  constructor(options: Connection.IOptions) {
    this._settings = options.serverSettings;
  }

  get state(): ConnectionState {
    return this._state;
  }

  get failures(): number {
    return this._failures;
  }

  get isAbsent(): boolean {
    return this._isAbsent;
  }

  get stateChanged(): ISignal<this, ConnectionState> {
    return this._stateChanged;
  }

  get received(): ISignal<this, FromServer> {
    return this._received;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    window.clearTimeout(this._timer);
    this._drop();
    Signal.clearData(this);
  }

  connect(): void {
    if (this._isDisposed || this._state !== 'closed') {
      return;
    }
    window.clearTimeout(this._timer);
    const { appendToken, token, wsUrl, WebSocket } = this._settings;
    let url = `${URLExt.join(wsUrl, 'codeact', 'ws')}?page=${this._page}`;
    if (appendToken && token) {
      url += `&token=${encodeURIComponent(token)}`;
    }
    const socket = new WebSocket(url);
    this._socket = socket;
    socket.onopen = () => this._onOpen();
    socket.onmessage = event => this._onMessage(event);
    socket.onclose = () => this._onClose();
    this._setState('connecting');
  }

  request(request: Request, onRefused?: OnRefused): boolean {
    if (this._state !== 'open') {
      return false;
    }
    const sent = this._requests.identify(request, onRefused);
    this._socket!.send(JSON.stringify(sent));
    return true;
  }

  answer(answer: Answer): void {
    if (this._state === 'open') {
      this._socket!.send(JSON.stringify(answer));
    } else if (answer.type !== 'began') {
      this._answers.push(answer);
    }
  }

  private _onOpen(): void {
    // Listeners open their notebooks first, so that the server knows which page the answers come from.
    this._setState('open');
    for (const answer of this._answers.splice(0)) {
      this.answer(answer);
    }
  }

  private _onMessage(event: MessageEvent): void {
    // Not when the socket opens, or a server that accepts and closes at once would be asked twice a second.
    this._failures = 0;
    this._isAbsent = false;
    let message: FromServer;
    try {
      message = JSON.parse(event.data);
    } catch {
      console.warn('CodeAct got a message that is not JSON:', event.data);
      return;
    }
    if (!this._requests.settle(message)) {
      this._received.emit(message);
    }
  }

  private _onClose(): void {
    this._drop();
    if (this._state === 'connecting') {
      void this._findOutWhy();
    }
    const delay = Math.min(LONGEST_DELAY, FIRST_DELAY * 2 ** this._failures);
    this._failures += 1;
    // Not all pages at once when a server comes back.
    const spread = 0.5 + Math.random() / 2;
    this._timer = window.setTimeout(() => this.connect(), delay * spread);
    this._setState('closed');
  }

  /** A socket does not tell why it cannot be opened; a request to the same address does. */
  private async _findOutWhy(): Promise<void> {
    const url = URLExt.join(this._settings.baseUrl, 'codeact', 'ws');
    const { makeRequest } = ServerConnection;
    const answer = await makeRequest(url, {}, this._settings).catch(() => null);
    const isAbsent = answer?.status === 404;
    if (isAbsent !== this._isAbsent && this._state !== 'open') {
      this._isAbsent = isAbsent;
      this._stateChanged.emit(this._state);
    }
  }

  private _drop(): void {
    this._requests.clear();
    const socket = this._socket;
    this._socket = null;
    if (socket) {
      socket.onopen = socket.onmessage = socket.onclose = null;
      socket.close();
    }
  }

  private _setState(state: ConnectionState): void {
    this._state = state;
    this._stateChanged.emit(state);
  }

  private _answers: Answer[] = [];
  private _failures = 0;
  private _isAbsent = false;
  private _isDisposed = false;
  /** Tells the server that a new socket is the same page's, which was not reloaded. */
  private _page = UUID.uuid4();
  private _received = new Signal<this, FromServer>(this);
  private _requests = new Requests();
  private _settings: ServerConnection.ISettings;
  private _socket: WebSocket | null = null;
  private _state: ConnectionState = 'closed';
  private _stateChanged = new Signal<this, ConnectionState>(this);
  private _timer = 0;
}

export namespace Connection {
  export interface IOptions {
    serverSettings: ServerConnection.ISettings;
  }
}

export const connectionPlugin: JupyterFrontEndPlugin<IConnection> = {
  id: 'jupyter-codeact:connection',
  description: 'The WebSocket to the CodeAct server extension.',
  autoStart: true,
  provides: IConnection,
  activate: (app: JupyterFrontEnd) =>
    new Connection({ serverSettings: app.serviceManager.serverSettings })
};
