import { UUID } from '@lumino/coreutils';

import { FromPage, FromServer } from './protocol';

type WithoutId<T> = T extends { id: string } ? Omit<T, 'id'> : never;

/** A request as its sender writes it; it gets its id when it is sent. */
export type Request = WithoutId<FromPage>;

/** A request as it is sent. */
export type SentRequest = Request & { id: string };

/** Called with the server's sentence for the user if it refuses a request. */
export type OnRefused = (message: string) => void;

/** Gives requests their ids, and passes a refusal to the sender of its request. */
export class Requests {
  /** Give a request its id. */
  identify(request: Request, onRefused?: OnRefused): SentRequest {
    const id = UUID.uuid4();
    if (onRefused) {
      this._onRefused.set(id, onRefused);
    }
    return { ...request, id };
  }

  /** Pass a refusal to the sender of its request. Returns whether `message` is one, and had a sender to go to. */
  settle(message: FromServer): boolean {
    if (message.type !== 'refused' || message.id === null) {
      return false;
    }
    const onRefused = this._onRefused.get(message.id);
    this._onRefused.delete(message.id);
    onRefused?.(message.message);
    return onRefused !== undefined;
  }

  /** Forget all requests: they are not answered on another connection. */
  clear(): void {
    this._onRefused.clear();
  }

  private _onRefused = new Map<string, OnRefused>();
}
