import { ModelSettings, Preferences, Prices } from '../protocol';

/** What the fields of a form have, as text. */
export type AsText<T> = { [name in keyof T]: string };

/** What a choice of yes, no and neither has. */
export function yesOrNo(value: boolean | null | undefined): string {
  return typeof value === 'boolean' ? (value ? 'yes' : 'no') : '';
}

/** What is set for a model, as the fields of a form have it. */
export interface IPreferencesText {
  readonly images: string;
  readonly guidance: string;
  readonly approval: string;
  readonly settings: AsText<ModelSettings>;
  readonly prices: AsText<Prices>;
}

export function preferencesAsText(
  preferences: Partial<Preferences> | null | undefined
): IPreferencesText {
  return {
    images: yesOrNo(preferences?.supports_images),
    guidance: preferences?.guidance ?? '',
    approval: preferences?.approval ?? '',
    settings: settingsAsText(preferences?.settings),
    prices: pricesAsText(preferences?.prices)
  };
}

export function asPreferences(text: IPreferencesText): Preferences {
  return {
    supports_images: text.images === '' ? null : text.images === 'yes',
    guidance: (text.guidance || null) as Preferences['guidance'],
    approval: (text.approval || null) as Preferences['approval'],
    settings: asSettings(text.settings),
    prices: asPrices(text.prices)
  };
}

export function settingsAsText(
  settings: ModelSettings | null | undefined
): AsText<ModelSettings> {
  const { reasoning_effort, temperature, top_p, reply_tokens, extra_body } =
    settings ?? {};
  return {
    reasoning_effort: reasoning_effort ?? '',
    temperature: temperature?.toString() ?? '',
    top_p: top_p?.toString() ?? '',
    reply_tokens: reply_tokens?.toString() ?? '',
    extra_body: extra_body ? JSON.stringify(extra_body) : ''
  };
}

export function asSettings(text: AsText<ModelSettings>): ModelSettings {
  return {
    reasoning_effort: (text.reasoning_effort ||
      null) as ModelSettings['reasoning_effort'],
    temperature: number(text.temperature),
    top_p: number(text.top_p),
    reply_tokens: number(text.reply_tokens),
    extra_body: text.extra_body.trim() ? JSON.parse(text.extra_body) : null
  };
}

export function pricesAsText(
  prices: Prices | null | undefined
): AsText<Prices> {
  const { price_cached, price_in, price_out } = prices ?? {};
  return {
    price_in: price_in?.toString() ?? '',
    price_cached: price_cached?.toString() ?? '',
    price_out: price_out?.toString() ?? ''
  };
}

export function asPrices(text: AsText<Prices>): Prices {
  return {
    price_in: number(text.price_in),
    price_cached: number(text.price_cached),
    price_out: number(text.price_out)
  };
}

/** A number; `null` for an empty text. */
function number(value: string): number | null {
  return value === '' ? null : Number(value);
}

/** Whether a text is empty, or a JSON object. */
export function isObject(text: string): boolean {
  if (!text.trim()) {
    return true;
  }
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}
