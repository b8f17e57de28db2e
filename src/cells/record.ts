import { Mode } from '../modes';
import { Checking, Happened, History } from '../protocol';

export type Event = Happened['event'];

/** A whole cell, as nbformat spells it. */
export type WholeCell = Readonly<Record<string, unknown>>;

/** A cell that is written and waits for the user's word. */
export interface IWaiting {
  readonly run: string;
  readonly cellId: string;
  readonly sha256: string;
  /** What is risky about it, in words. */
  readonly reasons: readonly string[];
  /** Whether the user has decided and the server has not taken it up yet. */
  readonly decided: boolean;
}

/** A run, as far as the notebook's cells are concerned. */
export interface IRun {
  readonly id: string;
  readonly task: string;
  /** The cells it changed, as they were before it: `null` where there was none. */
  readonly before: ReadonlyMap<string, WholeCell | null>;
  readonly ended: boolean;
  readonly undone: boolean;
}

/** A word to the user about the notebook; `left` are the ids of cells it speaks of. */
export interface INotice {
  readonly kind: 'undone' | 'refused';
  readonly text: string;
  readonly left: readonly string[];
}

/** What is known of one notebook's cells; never changed, only replaced. */
export interface IRecord {
  readonly running: boolean;
  /** `null` until the server has told. */
  readonly mode: Mode | null;
  readonly waiting: IWaiting | null;
  /** The id of the cell that the agent is at. */
  readonly working: string | null;
  readonly runs: readonly IRun[];
  readonly check: Checking | null;
  readonly notice: INotice | null;
}

export const BLANK: IRecord = {
  running: false,
  mode: null,
  waiting: null,
  working: null,
  runs: [],
  check: null,
  notice: null
};

/** Draw up the record of a notebook from its conversation so far. */
export function fromHistory(history: History, before: IRecord): IRecord {
  const { check, notice } = before;
  let record: IRecord = { ...BLANK, check, notice, mode: history.mode };
  for (const event of history.events) {
    record = happen(record, event);
  }
  return history.running
    ? { ...record, running: true }
    : { ...record, running: false, waiting: null, working: null };
}

/** The record after one more event. */
export function happen(record: IRecord, event: Event): IRecord {
  switch (event.type) {
    case 'run_started':
      return {
        ...record,
        running: true,
        runs: [
          ...record.runs,
          {
            id: event.run,
            task: event.task,
            before: new Map(),
            ended: false,
            undone: false
          }
        ]
      };
    case 'cell_written': {
      const { cell_id, rewritten, before } = event;
      // A cell that was there and of which nobody knows what it held cannot be compared.
      const isKnown = before !== null || !rewritten;
      return {
        ...changeRun(record, event.run, run =>
          isKnown && !run.before.has(cell_id)
            ? { ...run, before: new Map(run.before).set(cell_id, before) }
            : run
        ),
        working: cell_id
      };
    }
    case 'asked':
      return {
        ...record,
        waiting: {
          run: event.run,
          cellId: event.cell_id,
          sha256: event.sha256,
          reasons: event.reasons,
          decided: false
        }
      };
    case 'decided':
      return {
        ...record,
        waiting: null,
        working: event.allowed ? event.cell_id : null
      };
    case 'executed':
    case 'observation':
      return record.working === null ? record : { ...record, working: null };
    case 'run_ended':
      return {
        ...changeRun(record, event.run, run => ({ ...run, ended: true })),
        running: false,
        waiting: null,
        working: null
      };
    case 'run_undone':
      return changeRun(record, event.run, run => ({ ...run, undone: true }));
    case 'reply_delta':
    case 'reply':
    case 'action':
    case 'doubted':
    case 'condensed':
      return record;
  }
}

/** The run that "undo" takes back when none is named: the last one that changed a cell. */
export function lastRun(record: IRecord): IRun | null {
  const runs = record.runs.filter(
    ({ before, ended, undone }) => before.size > 0 && ended && !undone
  );
  return runs[runs.length - 1] ?? null;
}

/** The last run that changed a cell, undone ones aside. */
export function runOf(record: IRecord, cellId: string): IRun | null {
  const runs = record.runs.filter(
    ({ before, undone }) => before.has(cellId) && !undone
  );
  return runs[runs.length - 1] ?? null;
}

function changeRun(
  record: IRecord,
  id: string,
  how: (run: IRun) => IRun
): IRecord {
  const runs = record.runs.map(run => (run.id === id ? how(run) : run));
  return { ...record, runs };
}
