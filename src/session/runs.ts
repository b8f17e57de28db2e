import { CellDeleted, CellWritten, PlanStep, RunEnded } from '../protocol';
import { Event } from './messages';

/** A whole cell, as nbformat stores it. */
export type WholeCell = Readonly<Record<string, unknown>>;

/** A run, as far as its notebook is concerned. */
export interface IRun {
  readonly id: string;
  readonly task: string;
  /** The cell whose `%codeact` asked for it. */
  readonly askedIn: string | null;
  /** The cells it changed, as they were before it: `null` where there was none. */
  readonly before: ReadonlyMap<string, WholeCell | null>;
  /** The steps of the model's plan, if it made one. */
  readonly plan: readonly PlanStep[];
  /** Whether it changed the notebook, be it that it only moved cells. */
  readonly changed: boolean;
  /** `null` while it is under way. */
  readonly ending: RunEnded | null;
  readonly undone: boolean;
}

/** The runs of a conversation after one more event; those that it does not concern stay the same objects. */
export function reduceRuns(
  runs: readonly IRun[],
  event: Event
): readonly IRun[] {
  switch (event.type) {
    case 'run_started':
      return [
        ...runs,
        {
          id: event.run,
          task: event.task,
          askedIn: event.asked_in ?? null,
          before: new Map(),
          plan: [],
          changed: false,
          ending: null,
          undone: false
        }
      ];
    case 'cell_written':
    case 'cell_deleted':
      return change(runs, event.run, run => changed(run, event));
    case 'plan_changed':
      return change(runs, event.run, run => ({ ...run, plan: event.steps }));
    case 'cell_moved':
      return change(runs, event.run, run => ({ ...run, changed: true }));
    case 'run_ended':
      return change(runs, event.run, run => ({ ...run, ending: event }));
    case 'run_undone':
      return change(runs, event.run, run => ({ ...run, undone: true }));
    default:
      return runs;
  }
}

/** Note what a cell was, when the run comes to it for the first time. */
function changed(run: IRun, event: CellWritten | CellDeleted): IRun {
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
