import { Signal } from '@lumino/signaling';

import { FromPage, FromServer } from '../protocol';
import { ConnectionState, IConnection } from '../tokens';

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

  send(message: FromPage): boolean {
    if (this.state === 'open') {
      this.sent.push(message);
      return true;
    }
    return false;
  }

  /** Let the page hear something from the server. */
  say(message: FromServer): void {
    this.received.emit(message);
  }

  change(state: ConnectionState): void {
    this.state = state;
    this.stateChanged.emit(state);
  }

  /** What the page has said since this was last asked. */
  heard(): FromPage[] {
    return this.sent.splice(0);
  }

  readonly received = new Signal<this, FromServer>(this);
  readonly sent: FromPage[] = [];
  readonly stateChanged = new Signal<this, ConnectionState>(this);
  failures = 0;
  state: ConnectionState = 'closed';
}
