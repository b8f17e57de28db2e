import { currentRun, waitingCell } from '../session/selectors';
import { ISessionState } from '../session/state';

/** The output below a `%codeact`, about its run; the page keeps it up to date, and it is saved with the notebook. */
export const MIME_TYPE = 'application/vnd.jupyter.codeact+json';

export interface IRunData {
  readonly version: 1;
  /** The task's name in the kernel. */
  readonly id: string;
  readonly task: string;
  readonly state: 'handed' | 'running' | 'waiting' | 'ended' | 'refused';
  /** The run's id at the server. */
  readonly run?: string;
  readonly turn?: number;
  readonly answered?: boolean;
  readonly answer?: string;
  readonly message?: string;
}

/** Read an output: anybody can have written it. */
export function readRun(value: unknown): IRunData | null {
  const data = value as Partial<IRunData> | null | undefined;
  return data && typeof data === 'object' && typeof data.id === 'string'
    ? (data as IRunData)
    : null;
}

/** Whether a run has ended, or will never begin. */
export function isOver({ state }: IRunData): boolean {
  return state === 'ended' || state === 'refused';
}

/** What to show of a run now; `null` if nothing is known of it. */
export function runDataIn(
  state: ISessionState,
  data: IRunData
): IRunData | null {
  const { conversation, handoffs } = state;
  const handoff = handoffs.find(({ id }) => id === data.id);
  if (handoff && handoff.refusal !== null) {
    return { ...data, state: 'refused', message: handoff.refusal };
  }
  const id = data.run ?? handoff?.run;
  const run = id && conversation.runs.find(run => run.id === id);
  if (!run) {
    return null;
  }
  if (run.ending) {
    const { answer, ending, message, turn } = run.ending;
    return {
      ...data,
      run: run.id,
      turn: turn || data.turn,
      state: 'ended',
      answered: ending === 'answered',
      answer,
      message
    };
  }
  const isCurrent = currentRun(state)?.id === run.id;
  const isWaiting = isCurrent && waitingCell(state) !== null;
  return {
    ...data,
    run: run.id,
    turn: conversation.turn || data.turn,
    state: isWaiting ? 'waiting' : 'running'
  };
}

/** The parts of a session that the outputs of its runs depend on. */
export function partsFor(state: ISessionState): readonly unknown[] {
  const { conversation, handoffs } = state;
  const { running, runs, turn } = conversation;
  return [handoffs, running, runs, turn, waitingCell(state)?.sha256];
}
