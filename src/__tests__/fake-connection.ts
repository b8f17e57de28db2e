import { Signal } from '@lumino/signaling';

import { FromServer } from '../protocol';
import { OnRefused, Request, Requests, SentRequest } from '../requests';
import { Answer, ConnectionState, IConnection } from '../tokens';

/** A connection whose other end is the test. */
export class FakeConnection implements IConnection {
  get isDisposed(): boolean {
    return false;
  }

  dispose(): void {
    Signal.clearData(this);
  }

  connect(): void {
    if (this.state === 'closed') {
      this.change('open');
    }
  }

  request(request: Request, onRefused?: OnRefused): boolean {
    if (this.state !== 'open') {
      return false;
    }
    this._requested.push(this._requests.identify(request, onRefused));
    return true;
  }

  answer(answer: Answer): void {
    this.answers.push(answer);
  }

  /** Let the page receive a message from the server. */
  receive(message: FromServer): void {
    if (!this._requests.settle(message)) {
      this.received.emit(message);
    }
  }

  /** Let the server refuse a request, as it says whose it is: by its id alone. */
  refuse({ id }: SentRequest, message: string, notebook = 'a.ipynb'): void {
    this.receive({ type: 'refused', id, notebook, message });
  }

  change(state: ConnectionState): void {
    this.state = state;
    if (state === 'closed') {
      this._requests.clear();
    }
    this.stateChanged.emit(state);
  }

  /** What the page has asked for since this was last called. */
  takeRequests(): SentRequest[] {
    return this._requested.splice(0);
  }

  readonly answers: Answer[] = [];
  readonly received = new Signal<this, FromServer>(this);
  readonly stateChanged = new Signal<this, ConnectionState>(this);
  failures = 0;
  isAbsent = false;
  state: ConnectionState = 'closed';
  private _requested: SentRequest[] = [];
  private _requests = new Requests();
}
