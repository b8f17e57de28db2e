import { ICellModel, isCodeCellModel } from '@jupyterlab/cells';
import { JSONExt, PartialJSONValue } from '@lumino/coreutils';

import { CellCheck } from '../protocol';
import { isProtected, IWritten, writtenBy } from './metadata';
import { IRecord, IWaiting, runOf } from './record';

/** What is drawn at one cell. */
export interface ICellView {
  readonly isProtected: boolean;
  /** Whether the agent is at it. */
  readonly isWorking: boolean;
  /** Whether it ended in an error that CodeAct could fix. */
  readonly isFailed: boolean;
  readonly waiting: IWaiting | null;
  readonly written: IWritten | null;
  /** Whether what a run changed in it can be shown. */
  readonly hasChanges: boolean;
  readonly check: CellCheck | null;
}

export function viewOf(
  cell: ICellModel,
  record: IRecord,
  canFix: boolean
): ICellView {
  const { check, working, waiting } = record;
  const isWorking = working === cell.id;
  return {
    isProtected: isProtected(cell),
    isWorking,
    isFailed: canFix && !isWorking && errorOf(cell) !== null,
    waiting: waiting?.cellId === cell.id ? waiting : null,
    written: writtenBy(cell),
    hasChanges: runOf(record, cell.id) !== null,
    check: check?.cells.find(({ cell_id }) => cell_id === cell.id) ?? null
  };
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
