import { TranslationBundle } from '@jupyterlab/translation';

import { actionsOf, IMessage } from '../session/messages';

/** What the user may want to do next. */
export interface INextStep {
  readonly label: string;
  /** What CodeAct is asked then; `null` checks the notebook instead. */
  readonly task: string | null;
}

const MOST = 2;

/** What may come next after a run, as its own messages suggest it; nothing after one that ran no cell. */
export function nextSteps(
  messages: readonly IMessage[],
  run: string,
  trans: TranslationBundle
): readonly INextStep[] {
  const own = messages.filter(message => message.run === run);
  const ran = own
    .flatMap(actionsOf)
    .filter(
      ({ isText, rewritten, state }) =>
        state === 'done' && !isText && !rewritten
    );
  if (ran.length === 0) {
    return [];
  }
  const parts = ran.flatMap(({ outcome }) => outcome?.parts ?? []);
  const claims = own.flatMap(({ claims }) => claims ?? []);
  const unshown = claims.filter(({ cell_id }) => cell_id === null);
  const hasTable = parts.some(part => part.kind === 'html' && part.table);
  const hasPicture = parts.some(({ kind }) => kind === 'pictures');
  const steps: (INextStep | false)[] = [
    unshown.length > 0 && {
      label: trans.__('Show it with code'),
      task: trans.__(
        'No output shows %1. Run code that prints the answer.',
        unshown.map(({ text }) => `“${text}”`).join(', ')
      )
    },
    hasTable &&
      !hasPicture && {
        label: trans.__('Plot this'),
        task: trans.__('Plot the last table.')
      },
    {
      label: trans.__('Check the notebook'),
      task: null
    },
    {
      label: trans.__('Explain the code'),
      task: trans.__(
        'Explain, step by step, what the code of the last run does.'
      )
    }
  ];
  return steps.filter(step => step !== false).slice(0, MOST);
}
