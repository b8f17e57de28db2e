import { ICellBrief } from '../tokens';
import { IRun } from './runs';
import { ISessionState } from './state';

/** A cell that the user made the active one, or chose as the place of the next task. */
export interface IMove {
  readonly cellId: string;
  /** How many runs of the conversation had begun by then. */
  readonly runs: number;
  /** Whether the next cell goes right below it, even between the cells of a run. */
  readonly isExact: boolean;
}

/** Where the cells of the next task go. */
export interface ITaskPlace {
  /** The cell that they go below, or into; `null` if the notebook has none. */
  readonly cellId: string | null;
  /** Its position in the notebook, from 0; -1 without a cell. */
  readonly index: number;
  /** The number that it shows once it ran. */
  readonly count: number | null;
  /** Whether that cell is empty, and is written into. */
  readonly isInto: boolean;
}

/**
 * Where the cells of the next task go: below the last cell of the conversation, so that the notebook reads in the order
 * in which it was asked for. If the user has moved to another cell since, below that one and what came of tasks there.
 */
export function taskPlace(
  state: Pick<ISessionState, 'conversation' | 'moved'>,
  cells: readonly ICellBrief[],
  activeCell: string | null
): ITaskPlace {
  const { conversation, moved } = state;
  const indexOf = (id: string | null) =>
    cells.findIndex(cell => cell.id === id);
  const lastOf = (runs: readonly IRun[]) =>
    Math.max(
      -1,
      ...runs.flatMap(run =>
        [...run.cells.keys()]
          .filter(id => !run.undoneCells.has(id))
          .map(indexOf)
      )
    );
  const since = lastOf(conversation.runs.slice(moved?.runs ?? 0));
  const at = Math.max(indexOf(moved?.cellId ?? null), since);
  if (at < 0 && moved) {
    return taskPlace({ ...state, moved: null }, cells, activeCell); // where they went is gone
  }
  const isAtMove = moved !== null && at === indexOf(moved.cellId);
  const of =
    isAtMove && !moved.isExact
      ? conversation.runs.filter(({ cells }) => cells.has(moved.cellId))
      : [];
  return placeAt(
    cells,
    at < 0 ? indexOf(activeCell) : Math.max(at, lastOf(of.slice(-1)))
  );
}

/** Where the user had gone when the last task was asked for, as far as its run shows: the page may be another since. */
export function lastMove(runs: readonly IRun[]): IMove | null {
  for (let at = runs.length - 1; at >= 0; at--) {
    const { cells, place, replaced, target } = runs[at];
    // A cell that it wrote into says nothing: the model may have chosen it.
    const cellId = target ?? (place && !cells.has(place) ? place : null);
    if (cellId && !replaced) {
      return { cellId, runs: at, isExact: false };
    }
  }
  return null;
}

/** The places that the user can choose from, the one in force first. */
export function placesToChoose(
  state: Pick<ISessionState, 'conversation' | 'moved'>,
  cells: readonly ICellBrief[],
  activeCell: string | null
): readonly ITaskPlace[] {
  const active = cells.findIndex(({ id }) => id === activeCell);
  const places = [
    taskPlace(state, cells, activeCell),
    taskPlace({ ...state, moved: null }, cells, activeCell),
    placeAt(cells, active),
    placeAt(cells, cells.length - 1)
  ];
  return places.filter(
    ({ cellId }, at) =>
      cellId !== null &&
      places.findIndex(place => place.cellId === cellId) === at
  );
}

function placeAt(cells: readonly ICellBrief[], at: number): ITaskPlace {
  const index = at < 0 ? cells.length - 1 : at;
  const cell = cells[index];
  return {
    cellId: cell?.id ?? null,
    index,
    count: cell?.count ?? null,
    isInto: !!cell && cell.type !== 'raw' && !cell.source.trim()
  };
}
