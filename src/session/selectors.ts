import { Checking } from '../protocol';
import { IMessage, IQuestion } from './messages';
import { IRun } from './runs';
import { ISessionState, Place } from './state';

/** A cell that is written and waits for the user's approval. */
export interface IWaitingCell {
  readonly run: string;
  /** The name of another agent that asks, if it is not ours. */
  readonly agent: string | null;
  readonly cellId: string;
  readonly source: string;
  /** Whether the source is a call that moves or deletes the cell. */
  readonly isCall: boolean;
  readonly sha256: string;
  /** What is risky about it. */
  readonly reasons: readonly string[];
  /** Whether the user has answered and the server has not taken it up yet. */
  readonly isResolving: boolean;
}

export function lastMessage({
  conversation: { messages }
}: ISessionState): IMessage | null {
  return messages[messages.length - 1] ?? null;
}

export function waitingCell(state: ISessionState): IWaitingCell | null {
  const last = lastMessage(state);
  const { action, agent = null, run } = last ?? {};
  if (!state.conversation.running || action?.state !== 'asking') {
    return null;
  }
  const { isCall, reasons, source } = action;
  const cellId = action.cellId!;
  const sha256 = action.sha256!;
  const isResolving = state.resolving === sha256;
  return {
    run: run!,
    agent,
    cellId,
    source,
    isCall,
    sha256,
    reasons,
    isResolving
  };
}

/** The model's question that waits for the user's answer, and the run that it is of. */
export function waitingQuestion(
  state: ISessionState
): { readonly run: string; readonly question: IQuestion } | null {
  const { question, run } = lastMessage(state) ?? {};
  return state.conversation.running && question?.state === 'waiting'
    ? { run: run!, question }
    : null;
}

/** Whether a run is under way, or about to begin. */
export function isRunning({ conversation, pending }: ISessionState): boolean {
  return conversation.running || pending !== null;
}

/** The run under way. */
export function currentRun({ conversation }: ISessionState): IRun | null {
  const { running, runs } = conversation;
  const last = runs[runs.length - 1];
  return running && last && !last.ending ? last : null;
}

/** The run that "undo" undoes when none is named: the last one that changed a cell. */
export function lastRun({ conversation }: ISessionState): IRun | null {
  const runs = conversation.runs.filter(
    ({ changed, ending, undone }) => changed && ending && !undone
  );
  return runs[runs.length - 1] ?? null;
}

/** The last run, if it changed the notebook: undone or not. */
export function lastChange({ conversation }: ISessionState): IRun | null {
  const run = conversation.runs[conversation.runs.length - 1];
  return run?.ending && run.cells.size > 0 ? run : null;
}

/** The last run of which something is undone that can be brought back. */
export function lastUndone({ conversation }: ISessionState): IRun | null {
  const runs = conversation.runs.filter(
    ({ ending, replaced, takenCells }) =>
      ending && !replaced && takenCells.size > 0
  );
  return runs[runs.length - 1] ?? null;
}

/** The last run that changed a cell, except undone ones. */
export function lastRunOf(
  { conversation }: ISessionState,
  cellId: string
): IRun | null {
  const runs = conversation.runs.filter(
    ({ before, undone }) => before.has(cellId) && !undone
  );
  return runs[runs.length - 1] ?? null;
}

/** The check to be shown at a place; in the notebook, without the cells that were edited since. */
export function checkAt(
  { check }: ISessionState,
  place: Place
): Checking | null {
  if (!check || check.hidden.includes(place)) {
    return null;
  }
  const { edited, result } = check;
  return place === 'chat' || edited.length === 0
    ? result
    : {
        ...result,
        cells: result.cells.filter(({ cell_id }) => !edited.includes(cell_id))
      };
}

export function isChecking({ check }: ISessionState): boolean {
  return check?.result.reproduces === null;
}

/** What CodeAct does in a notebook: it works, or waits for the user. */
export type Activity = 'working' | 'waiting';

export function activityOf(state: ISessionState): Activity | null {
  const cell = waitingCell(state);
  if ((cell && !cell.isResolving) || waitingQuestion(state)) {
    return 'waiting';
  }
  return isRunning(state) ? 'working' : null;
}
