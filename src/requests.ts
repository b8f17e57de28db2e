import { UUID } from '@lumino/coreutils';

import { FromPage, FromServer } from './protocol';

type WithoutId<T> = T extends { id: string } ? Omit<T, 'id'> : never;

/** A request as its sender writes it; its id comes with the sending. */
export type Request = WithoutId<FromPage>;

/** A request as it is sent. */
export type SentRequest = Request & { id: string };

/** Called with the server's sentence for the user if it refuses a request. */
export type OnRefused = (message: string) => void;

/** Gives requests their ids, and a refusal to whoever sent the request. */
export class Requests {
  /** Give a request its id. */
  identify(request: Request, onRefused?: OnRefused): SentRequest {
    const id = UUID.uuid4();
    if (onRefused) {
      this._onRefused.set(id, onRefused);
    }
    return { ...request, id };
  }

  /** Tell the sender of a refused request. Returns whether `message` refused one whose sender wanted to know. */
  settle(message: FromServer): boolean {
    if (message.type !== 'refused' || message.id === null) {
      return false;
    }
    const onRefused = this._onRefused.get(message.id);
    this._onRefused.delete(message.id);
    onRefused?.(message.message);
    return onRefused !== undefined;
  }

  /** Forget all requests: on another connection nobody answers them. */
  clear(): void {
    this._onRefused.clear();
  }

  private _onRefused = new Map<string, OnRefused>();
}
