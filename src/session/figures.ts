import { Reply, Usage } from '../protocol';

/** What a model reply cost. */
export interface IFigures extends Readonly<Usage> {
  readonly seconds: number;
  /** Seconds until the first token, if known. */
  readonly first: number | null;
}

export function figuresOf(event: Reply): IFigures {
  const { first_token_seconds: first, seconds, usage } = event;
  return { ...usage, seconds, first };
}

/** The sum of several replies' figures; `first` is that of the first reply. */
export function sum(all: readonly IFigures[]): IFigures {
  const total = (of: (figures: IFigures) => number) =>
    all.reduce((before, each) => before + of(each), 0);
  return {
    prompt_tokens: total(each => each.prompt_tokens),
    cached_tokens: total(each => each.cached_tokens),
    completion_tokens: total(each => each.completion_tokens),
    reasoning_tokens: all.some(each => each.reasoning_tokens !== null)
      ? total(each => each.reasoning_tokens ?? 0)
      : null,
    estimated: all.some(({ estimated }) => estimated),
    seconds: total(each => each.seconds),
    first: all[0]?.first ?? null
  };
}

/** An amount of money, with two digits that tell. */
export function dollars(amount: number): string {
  if (amount === 0 || amount >= 0.1) {
    return `$${amount.toFixed(2)}`;
  }
  return amount < 0.0001 ? '< $0.0001' : `$${Number(amount.toPrecision(2))}`;
}

/** Tokens written per second, not counting the wait for the first. */
export function speed(all: readonly IFigures[]): number | null {
  const seconds = all.reduce(
    (before, { first, seconds }) => before + seconds - (first ?? 0),
    0
  );
  const tokens = sum(all).completion_tokens;
  return seconds > 0 && tokens > 0 ? tokens / seconds : null;
}

/** The share of the prompt that a cache has served, 0 to 1. */
export function cachedShare(figures: IFigures): number | null {
  const { cached_tokens, prompt_tokens } = figures;
  return prompt_tokens > 0 ? cached_tokens / prompt_tokens : null;
}
