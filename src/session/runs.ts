import { multiline } from '../multiline';
import {
  CellDeleted,
  CellMoved,
  CellWritten,
  PlanStep,
  RunEnded
} from '../protocol';
import { Event } from './messages';

/** A whole cell, as nbformat stores it. */
export type WholeCell = Readonly<Record<string, unknown>>;

/** What a run did to a cell. */
export type CellChange = 'added' | 'changed' | 'moved' | 'deleted';

/** A run, as far as its notebook is concerned. */
export interface IRun {
  readonly id: string;
  readonly task: string;
  /** The name of another agent whose run it is. */
  readonly agent: string | null;
  /** The cell whose `%codeact` asked for it. */
  readonly askedIn: string | null;
  /** The cell that the task is about, if it was asked at one. */
  readonly target: string | null;
  /** The cell that its first one went below or into; `null` if that is not known. */
  readonly place: string | null;
  /** What it did to cells, in the order in which it came to them. */
  readonly cells: ReadonlyMap<string, CellChange>;
  /** The cells it changed, as they were before it: `null` where there was none. */
  readonly before: ReadonlyMap<string, WholeCell | null>;
  /** The steps of the model's plan, if it made one. */
  readonly plan: readonly PlanStep[];
  /** Whether it changed the notebook, be it that it only moved cells. */
  readonly changed: boolean;
  /** `null` while it is under way. */
  readonly ending: RunEnded | null;
  /** Whether all of it is undone. */
  readonly undone: boolean;
  /** Whether it, or one before it, was asked again. */
  readonly replaced: boolean;
  readonly undoneCells: ReadonlySet<string>;
  /** The cells that an undo has kept a copy of, so that they can be redone. */
  readonly takenCells: ReadonlySet<string>;
  /** The cells that the user has looked at and keeps. */
  readonly keptCells: ReadonlySet<string>;
}

const NONE: ReadonlySet<string> = new Set();

/** The runs of a conversation after one more event; those that it does not concern stay the same objects. */
export function reduceRuns(
  runs: readonly IRun[],
  event: Event
): readonly IRun[] {
  switch (event.type) {
    case 'run_started':
      return [
        ...replacedFrom(runs, event.replaces),
        {
          id: event.run,
          task: event.task,
          agent: event.agent ?? null,
          askedIn: event.asked_in ?? null,
          target: event.target,
          place: null,
          cells: new Map(),
          before: new Map(),
          plan: [],
          changed: false,
          ending: null,
          undone: false,
          replaced: false,
          undoneCells: NONE,
          takenCells: NONE,
          keptCells: NONE
        }
      ];
    case 'cell_written':
    case 'cell_deleted':
      return change(runs, event.run, run => changed(run, event));
    case 'plan_changed':
      return change(runs, event.run, run => ({ ...run, plan: event.steps }));
    case 'cell_moved':
      return change(runs, event.run, run => ({
        ...cameTo(run, event),
        changed: true
      }));
    case 'run_ended':
      return change(runs, event.run, run => ({ ...run, ending: event }));
    case 'run_undone':
      return change(runs, event.run, run => {
        const cells = event.cells ?? [...run.cells.keys()];
        const taken = (event.taken ?? []).map(({ cell_id }) => cell_id);
        return withUndone(
          { ...run, takenCells: union(run.takenCells, taken) },
          union(run.undoneCells, cells),
          event.cells === null
        );
      });
    case 'run_redone':
      return change(runs, event.run, run => {
        const cells = event.cells ?? [...run.cells.keys()];
        return withUndone(
          {
            ...run,
            takenCells: without(run.takenCells, cells),
            // What comes back is to be looked at again.
            keptCells: without(run.keptCells, cells)
          },
          without(run.undoneCells, cells)
        );
      });
    case 'run_kept':
      return change(runs, event.run, run => ({
        ...run,
        keptCells: union(run.keptCells, event.cells ?? [...run.cells.keys()])
      }));
    default:
      return runs;
  }
}

/** Note that a run is asked again: those after it are left out of the conversation as well. */
function replacedFrom(
  runs: readonly IRun[],
  id: string | null
): readonly IRun[] {
  const first = runs.findIndex(run => run.id === id);
  return first < 0
    ? runs
    : runs.map((run, at) => (at < first ? run : { ...run, replaced: true }));
}

function withUndone(
  run: IRun,
  undoneCells: ReadonlySet<string>,
  isWhole = false
): IRun {
  const undone =
    isWhole ||
    (run.cells.size > 0 &&
      [...run.cells.keys()].every(id => undoneCells.has(id)));
  return { ...run, undoneCells, undone };
}

function union(
  set: ReadonlySet<string>,
  more: readonly string[]
): ReadonlySet<string> {
  return new Set([...set, ...more]);
}

function without(
  set: ReadonlySet<string>,
  fewer: readonly string[]
): ReadonlySet<string> {
  return new Set([...set].filter(id => !fewer.includes(id)));
}

/** Note that the run has come to a cell. */
function cameTo(run: IRun, event: CellWritten | CellDeleted | CellMoved): IRun {
  const was = run.cells.get(event.cell_id);
  const cells = new Map(run.cells);
  switch (event.type) {
    case 'cell_written':
      if (was !== 'added') {
        const { before } = event;
        const isBlank = before !== null && !multiline(before.source).trim();
        const isAdded = !event.rewritten || (was === undefined && isBlank);
        cells.set(event.cell_id, isAdded ? 'added' : 'changed');
      }
      break;
    case 'cell_moved':
      cells.set(event.cell_id, was ?? 'moved');
      break;
    case 'cell_deleted':
      if (was === 'added') {
        cells.delete(event.cell_id);
      } else {
        cells.set(event.cell_id, 'deleted');
      }
  }
  return { ...run, cells };
}

/** Note what a cell was, when the run comes to it for the first time. */
function changed(before: IRun, event: CellWritten | CellDeleted): IRun {
  const run = cameTo(
    event.type === 'cell_written' && before.place === null
      ? {
          ...before,
          place: (event.rewritten ? event.cell_id : event.after) || null
        }
      : before,
    event
  );
  return contentBefore(run, event);
}

function contentBefore(run: IRun, event: CellWritten | CellDeleted): IRun {
  const { before, cell_id } = event;
  const rewritten = event.type === 'cell_deleted' || event.rewritten;
  // A cell that was there, but whose content nobody knows, cannot be compared.
  const isKnown = before !== null || !rewritten;
  return isKnown && !run.before.has(cell_id)
    ? {
        ...run,
        changed: true,
        before: new Map(run.before).set(cell_id, before)
      }
    : { ...run, changed: true };
}

function change(
  runs: readonly IRun[],
  id: string,
  how: (run: IRun) => IRun
): readonly IRun[] {
  return runs.map(run => (run.id === id ? how(run) : run));
}
