import { TranslationBundle } from '@jupyterlab/translation';

import { actionsOf, IMessage } from './messages';
import { CellChange, IRun } from './runs';
import { ISessionState } from './state';

/** A change by a run that the user can keep or undo at its cell. */
export interface ICellChange {
  readonly run: string;
  readonly task: string;
  readonly kind: CellChange;
  readonly isUndone: boolean;
  /** Whether it can be brought back, once it is undone. */
  readonly canRedo: boolean;
  /** Its number among those of the run, from 1, and how many there are, if the user goes through them. */
  readonly number: number | null;
  readonly count: number;
}

/**
 * The change at a cell that is pointed out there.
 *
 * Of a run that the user goes through it is every one; else what became of the user's own cells, or what was asked for
 * at a cell, as long as that run is the last.
 */
export function changeAt(
  state: ISessionState,
  cellId: string
): ICellChange | null {
  const { conversation, prompted, reviewing } = state;
  const { runs } = conversation;
  const run = reviewing
    ? runs.find(({ id }) => id === reviewing)
    : runs[runs.length - 1];
  const kind = run?.cells.get(cellId);
  if (!run?.ending || !kind) {
    return null;
  }
  const isAtCell =
    kind === 'changed' || run.target !== null || prompted.includes(run.id);
  if (!reviewing && (!isAtCell || run.keptCells.has(cellId))) {
    return null;
  }
  const ids = [...run.cells.keys()];
  return {
    run: run.id,
    task: run.task,
    kind,
    isUndone: run.undoneCells.has(cellId),
    canRedo: run.takenCells.has(cellId),
    number: reviewing ? ids.indexOf(cellId) + 1 : null,
    count: ids.length
  };
}

/** What a run changed, in words: "3 added, 1 changed". */
export function changesText(run: IRun, trans: TranslationBundle): string {
  const count = (kind: CellChange) =>
    [...run.cells.values()].filter(each => each === kind).length;
  const texts: [number, string][] = [
    [count('added'), trans.__('%1 added', count('added'))],
    [count('changed'), trans.__('%1 changed', count('changed'))],
    [count('moved'), trans.__('%1 moved', count('moved'))],
    [count('deleted'), trans.__('%1 deleted', count('deleted'))]
  ];
  return texts
    .filter(([number]) => number > 0)
    .map(([, text]) => text)
    .join(', ');
}

/** Whether all that a run changed is kept or undone. */
export function isSettled({ cells, keptCells, undoneCells }: IRun): boolean {
  return [...cells.keys()].every(
    id => keptCells.has(id) || undoneCells.has(id)
  );
}

/** The cells whose last code was not allowed to run. */
export function skippedCells(
  messages: readonly IMessage[]
): ReadonlySet<string> {
  let skipped = SKIPPED.get(messages);
  if (!skipped) {
    skipped = new Set(
      messages
        .flatMap(actionsOf)
        .filter(
          ({ isCall, rewritten, state }) =>
            state === 'skipped' && !isCall && !rewritten
        )
        .flatMap(({ cellId }) => cellId ?? [])
    );
    SKIPPED.set(messages, skipped);
  }
  return skipped;
}

/** Each cell asks for it, at each change. */
const SKIPPED = new WeakMap<readonly IMessage[], ReadonlySet<string>>();
