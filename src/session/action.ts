import {
  Action,
  ApprovalRequested,
  ApprovalResolved,
  CellDeleted,
  CellMoved,
  Executed
} from '../protocol';
import { IOutcome, outcomeOf } from './outcome';

/**
 * Where an action is: `waiting` for the gate, `asking` the user, `running`, or over.
 *
 * `skipped`: it was not allowed to run. `stopped`: it was ended before its time.
 */
export type ActionState =
  'waiting' | 'asking' | 'running' | 'done' | 'failed' | 'stopped' | 'skipped';

/** Code that the agent puts into a cell. */
export interface IAction {
  readonly source: string;
  /** Whether it makes a text cell, which is not run. */
  readonly isText: boolean;
  /** Whether it is no cell, but a call that moves or deletes one. */
  readonly isCall: boolean;
  /** What the call has done. */
  readonly change: 'moved' | 'deleted' | null;
  /** What the user calls the cell that was moved or deleted. */
  readonly cellName: string;
  readonly state: ActionState;
  /** The digest that the user's approval is bound to, if the gate has asked for one. */
  readonly sha256: string | null;
  /** Why the gate asks or refuses. */
  readonly reasons: readonly string[];
  /** What the user told the model when skipping it. */
  readonly comment: string;
  readonly cellId: string | null;
  /** Whether a later action has taken its place in the cell. */
  readonly rewritten: boolean;
  /** Unix time in seconds, once it runs. */
  readonly started: number | null;
  readonly seconds: number | null;
  /** The number that the notebook shows at the cell, once it ran. */
  readonly count: number | null;
  readonly status: Executed['status'] | null;
  readonly outcome: IOutcome | null;
}

export function newAction(event: Action): IAction {
  return {
    source: event.source,
    isText: event.cell_type === 'markdown',
    isCall: event.is_call,
    change: null,
    cellName: '',
    state: 'waiting',
    sha256: null,
    reasons: [],
    comment: '',
    cellId: null,
    rewritten: false,
    started: null,
    seconds: null,
    count: null,
    status: null,
    outcome: null
  };
}

/** A text cell is done once it is there; code waits for the gate. */
export function written(action: IAction, cellId: string): IAction {
  return { ...action, cellId, state: action.isText ? 'done' : 'waiting' };
}

export function approvalRequested(
  action: IAction,
  event: ApprovalRequested
): IAction {
  // A text cell is asked about before it is there.
  const cellId = event.cell_id || action.cellId;
  const { reasons, sha256 } = event;
  return { ...action, state: 'asking', sha256, reasons, cellId };
}

export function approvalResolved(
  action: IAction,
  event: ApprovalResolved
): IAction {
  const { allowed, comment, edited, reasons, time } = event;
  return {
    ...action,
    source: edited ?? action.source,
    state: allowed ? 'running' : 'skipped',
    // The reasons for asking are more telling than the user's "no".
    reasons: action.sha256 === null ? reasons : action.reasons,
    comment: allowed ? '' : comment,
    started: allowed ? time : null
  };
}

/** The call has changed the notebook. */
export function changed(
  action: IAction,
  event: CellDeleted | CellMoved
): IAction {
  const { cell_id: cellId, name: cellName, type } = event;
  const change = type === 'cell_moved' ? 'moved' : 'deleted';
  return { ...action, state: 'done', cellId, change, cellName };
}

/** Whether an action left something in the notebook. */
export function hasChanged({ cellId, change, isCall }: IAction): boolean {
  return isCall ? change !== null : cellId !== null;
}

export function executed(action: IAction, event: Executed): IAction {
  const states = {
    ok: 'done',
    error: 'failed',
    interrupted: 'stopped',
    dead: 'failed'
  } as const;
  return {
    ...action,
    state: states[event.status],
    cellId: event.cell_id,
    seconds: event.seconds,
    count: event.execution_count,
    status: event.status,
    outcome: outcomeOf(event.outputs)
  };
}

/** Whether an action is not over yet. */
export function isOpen({ state }: IAction): boolean {
  return state === 'waiting' || state === 'asking' || state === 'running';
}
