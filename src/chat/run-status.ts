import { TranslationBundle } from '@jupyterlab/translation';

import { lastMessage } from '../session/selectors';
import { ISessionState } from '../session/state';
import { IRunningCell } from '../tokens';

/** What a run does now, or waits for. */
export interface IRunStatus {
  /** In a few words, without how long it takes. */
  readonly text: string;
  /** When it began, in Unix time in seconds, if that is of interest. */
  readonly since: number | null;
  /** The cell it is about. */
  readonly cellId: string | null;
  /** Whether the user has to do something at that cell. */
  readonly needsUser: boolean;
}

/** What a run does now. `cell` is what is seen of the cell it runs, `isModelComing` whether its model still loads. */
export function runStatus(
  state: ISessionState,
  cell: IRunningCell | null,
  isModelComing: boolean,
  trans: TranslationBundle
): IRunStatus {
  const last = lastMessage(state);
  const { action, question, run } = last ?? {};
  const isOfRun = state.pending === null && state.conversation.running;
  const status = (
    text: string,
    rest: Partial<IRunStatus> = {}
  ): IRunStatus => ({
    text,
    since: null,
    cellId: null,
    needsUser: false,
    ...rest
  });
  if (state.stopping) {
    return status(trans.__('Stopping…'));
  }
  if (isOfRun && run && question?.state === 'waiting') {
    return status(trans.__('Waiting for your answer'));
  }
  if (isOfRun && action?.state === 'asking') {
    const { cellId } = action;
    const text = last?.agent
      ? trans.__('%1 waits for you', last.agent)
      : trans.__('Waiting for you');
    return status(text, { cellId, needsUser: true });
  }
  if (isOfRun && action?.state === 'running') {
    const { cellId, started: since } = action;
    if (cell?.asksForInput) {
      const text = trans.__('The cell asks for input');
      return status(text, { since, cellId, needsUser: true });
    }
    return cell?.isQueued
      ? status(trans.__('Waiting for your cell'), { since })
      : status(trans.__('Running'), { since, cellId });
  }
  if (isOfRun && last?.agent) {
    return status(trans.__('%1 is at work', last.agent));
  }
  if (isModelComing) {
    return status(trans.__('Waiting for the model…'));
  }
  return isOfRun && last?.streaming
    ? status(...writing(last, trans))
    : status(trans.__('Preparing…'));
}

/** What the model does with its reply. */
function writing(
  {
    body,
    code,
    reading,
    thinking,
    thought,
    time
  }: NonNullable<ReturnType<typeof lastMessage>>,
  trans: TranslationBundle
): [string, Partial<IRunStatus>] {
  if (code) {
    return [trans.__('Writing code'), { since: time }];
  }
  if (body) {
    return [trans.__('Writing'), { since: time }];
  }
  if (thinking) {
    return [trans.__('Thinking'), { since: thought?.since ?? time }];
  }
  if (reading) {
    const { since, tokens } = reading;
    const text = trans._n(
      'Reading %2 token',
      'Reading %2 tokens',
      tokens,
      tokens.toLocaleString('en')
    );
    return [text, { since }];
  }
  return [trans.__('Thinking'), { since: time }];
}
