import { TranslationBundle } from '@jupyterlab/translation';

import { ModeIs } from './protocol';

export type Mode = ModeIs['mode'];

/** Which cells wait for the user, from the most to the fewest. */
export const MODES: readonly Mode[] = ['ask', 'ask-if-risky', 'auto'];

/** A mode in words: where one is chosen, as a command, and what it means. */
export interface IModeWords {
  readonly short: string;
  readonly command: string;
  readonly hint: string;
}

export function modeWords(mode: Mode, trans: TranslationBundle): IModeWords {
  switch (mode) {
    case 'ask':
      return {
        short: trans.__('Always ask'),
        command: trans.__('Ask Before Every Cell'),
        hint: trans.__('CodeAct asks before it runs a cell.')
      };
    case 'ask-if-risky':
      return {
        short: trans.__('Ask if risky'),
        command: trans.__('Ask Before Risky Cells'),
        hint: trans.__(
          'CodeAct asks before it runs a cell that deletes files, starts programs or the like.'
        )
      };
    case 'auto':
      return {
        short: trans.__('Never ask'),
        command: trans.__('Run Cells Without Asking'),
        hint: trans.__('CodeAct runs its cells without asking.')
      };
  }
}
