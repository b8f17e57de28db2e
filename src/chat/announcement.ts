import { TranslationBundle } from '@jupyterlab/translation';

import { ISessionState } from '../session/state';

/** What a screen reader should say about the conversation: states and answers, not each word as it comes. */
export function announcement(
  { conversation }: ISessionState,
  trans: TranslationBundle
): string {
  const { messages } = conversation;
  const last = messages[messages.length - 1];
  if (!last) {
    return '';
  }
  const { action, ending, question, rejection, undone } = last;
  if (ending) {
    const answer = messages[messages.length - 2];
    return ending.ending === 'answered' && answer?.sender === 'agent'
      ? trans.__('CodeAct answers: %1', answer.body)
      : ending.message || trans.__('CodeAct has stopped.');
  }
  if (undone) {
    return trans.__('The run was undone.');
  }
  if (question?.state === 'waiting') {
    return trans.__('CodeAct asks: %1', question.text);
  }
  if (rejection) {
    return rejection;
  }
  switch (action?.state) {
    case undefined:
      return last.sender === 'user' || last.streaming
        ? trans.__('CodeAct is at work.')
        : '';
    case 'waiting':
      return '';
    case 'asking':
      return action.isCall
        ? trans.__(
            'CodeAct asks whether it may change the notebook. %1',
            action.reasons.join(' ')
          )
        : trans.__(
            'CodeAct asks whether it may run a cell. %1',
            action.reasons.join(' ')
          );
    case 'running':
      return trans.__('The cell is running.');
    case 'done':
      if (action.change) {
        return action.change === 'moved'
          ? trans.__('Moved %1.', action.cellName)
          : trans.__('Deleted %1.', action.cellName);
      }
      return trans.__('The cell is done.');
    case 'failed':
      return trans.__('The cell failed. %1', action.outcome?.error ?? '');
    case 'stopped':
      return trans.__('The cell was stopped.');
    case 'skipped':
      return trans.__('The cell was not run.');
  }
}
