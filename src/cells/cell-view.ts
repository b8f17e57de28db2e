import { ICellModel, isCodeCellModel } from '@jupyterlab/cells';
import { JSONExt, PartialJSONValue } from '@lumino/coreutils';

import { isProtected, IWritten, writtenBy } from '../notebook/metadata';
import { CellCheck } from '../protocol';
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
}

export function viewOf(
  cell: ICellModel,
  state: ISessionState,
  canFix: boolean
): ICellView {
  const waiting = waitingCell(state);
  const check = checkAt(state, 'notebook');
  const isWorking = state.conversation.workingCell === cell.id;
  return {
    isProtected: isProtected(cell),
    isWorking,
    isFailed: canFix && !isWorking && errorOf(cell) !== null,
    waiting: waiting?.cellId === cell.id ? waiting : null,
    written: writtenBy(cell),
    hasChanges: lastRunOf(state, cell.id) !== null,
    check: check?.cells.find(({ cell_id }) => cell_id === cell.id) ?? null
  };
}

/** The parts of a session that its cells' views depend on. */
export function partsFor(state: ISessionState): readonly unknown[] {
  const { check, conversation, resolving } = state;
  const { running, runs, workingCell } = conversation;
  const { action } = lastMessage(state) ?? {};
  return [action, check, resolving, running, runs, workingCell];
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

export function isSame(a: ICellView | null, b: ICellView): boolean {
  return JSONExt.deepEqual(
    a as unknown as PartialJSONValue,
    b as unknown as PartialJSONValue
  );
}
