import { Reply, ReplyDelta } from '../protocol';

/** What a model's thinking took. */
export interface IThought {
  /** When it began, in Unix time in seconds. */
  readonly since: number | null;
  /** How long it took; `null` while it lasts, or if that is unknown. */
  readonly seconds: number | null;
  readonly tokens: number | null;
  /** Whether the tokens were counted, and not estimated. */
  readonly isCounted: boolean;
}

/** What the thinking took so far; it is over when the reply itself has begun. */
export function stillThought(
  before: IThought | undefined,
  { thinking, thinking_tokens, time }: ReplyDelta,
  isOver: boolean
): IThought | undefined {
  if (!before && !thinking) {
    return undefined;
  }
  const since = before?.since ?? time;
  return {
    since,
    seconds: isOver ? (before?.seconds ?? time - since) : null,
    tokens: thinking_tokens ?? before?.tokens ?? null,
    isCounted: false
  };
}

/** What the thinking took, as the whole reply says. */
export function thoughtOf(event: Reply): IThought {
  return {
    since: null,
    seconds: event.thinking_seconds,
    tokens: event.thinking_tokens,
    isCounted: event.usage.reasoning_tokens !== null
  };
}
