import { ICellModel, isCodeCellModel } from '@jupyterlab/cells';
import { JSONExt, PartialJSONValue } from '@lumino/coreutils';

import { multiline } from '../multiline';
import { isProtected, IWritten, writtenBy } from '../notebook/metadata';
import { CellCheck } from '../protocol';
import { changeAt, ICellChange, skippedCells } from '../session/changes';
import {
  checkAt,
  IWaitingCell,
  lastMessage,
  lastRunOf,
  waitingCell
} from '../session/selectors';
import { ISessionState } from '../session/state';

/** What is drawn at one cell. */
export interface ICellView {
  readonly isProtected: boolean;
  /** Whether the agent is working on it. */
  readonly isWorking: boolean;
  /** Whether it ended in an error that CodeAct could fix. */
  readonly isFailed: boolean;
  readonly waiting: IWaitingCell | null;
  readonly written: IWritten | null;
  /** Whether what a run changed in it can be shown. */
  readonly hasChanges: boolean;
  readonly check: CellCheck | null;
  /** Whether the user, or a risk, kept it from running. */
  readonly isSkipped: boolean;
  /** What a run did to it, to be kept or undone. */
  readonly change: ICellChange | null;
  /** What it was before that, to be compared with. */
  readonly before: string | null;
}

export function viewOf(
  cell: ICellModel,
  state: ISessionState,
  canFix: boolean
): ICellView {
  const waiting = waitingCell(state);
  const check = checkAt(state, 'notebook');
  const { messages, running, workingCell } = state.conversation;
  const isWorking = workingCell === cell.id;
  const change = running ? null : changeAt(state, cell.id);
  const before =
    change?.kind === 'changed' && !change.isUndone
      ? state.conversation.runs
          .find(({ id }) => id === change.run)
          ?.before.get(cell.id)
      : null;
  return {
    isProtected: isProtected(cell),
    isWorking,
    isFailed: canFix && !isWorking && canBeFixed(cell),
    waiting: waiting?.cellId === cell.id ? waiting : null,
    written: writtenBy(cell),
    hasChanges: lastRunOf(state, cell.id) !== null,
    check: check?.cells.find(({ cell_id }) => cell_id === cell.id) ?? null,
    isSkipped: !isWorking && skippedCells(messages).has(cell.id),
    change,
    before: before ? multiline(before.source) : null
  };
}

/** The parts of a session that its cells' views depend on. */
export function partsFor(state: ISessionState): readonly unknown[] {
  const { check, conversation, prompted, resolving, reviewing } = state;
  const { running, runs, workingCell } = conversation;
  const { action } = lastMessage(state) ?? {};
  return [
    action,
    check,
    prompted,
    resolving,
    reviewing,
    running,
    runs,
    workingCell
  ];
}

/** The name of the error that a cell ended in; `null` if it did not. */
export function errorOf(cell: ICellModel): string | null {
  if (isCodeCellModel(cell)) {
    for (let i = cell.outputs.length - 1; i >= 0; i--) {
      const output = cell.outputs.get(i);
      if (output.type === 'error') {
        return String(output.toJSON().ename ?? '');
      }
    }
  }
  return null;
}

/** Whether it ended in an error that a change of its code could mend: an interrupt is none. */
export function canBeFixed(cell: ICellModel): boolean {
  const error = errorOf(cell);
  return error !== null && error !== 'KeyboardInterrupt';
}

export function isSame(a: ICellView | null, b: ICellView): boolean {
  return JSONExt.deepEqual(
    a as unknown as PartialJSONValue,
    b as unknown as PartialJSONValue
  );
}
