import { Event } from '../messages';
import { BLANK, ISessionState, receive } from '../state';
import { IMove, placesToChoose, taskPlace } from '../task-place';
import { event, history } from './events';

const CELLS = 'abcdef'.split('').map(id => ({
  id,
  type: 'code' as const,
  source: id === 'e' ? ' ' : id
}));

/** The state after runs that wrote these cells, one run for each list. */
function runs(...written: string[][]): ISessionState {
  const events = written.flatMap((cells, at): Event[] => {
    const run = `r${at}`;
    return [
      event('run_started', 0, { run }),
      ...cells.map(cell_id => event('cell_written', 1, { run, cell_id })),
      event('run_ended', 1, { run })
    ];
  });
  return events.reduce(
    (state, one) =>
      receive(state, { type: 'event', notebook: 'a.ipynb', event: one }),
    BLANK
  );
}

function moved(cellId: string, runs: number, isExact = false): IMove {
  return { cellId, runs, isExact };
}

describe('The place of the next task', () => {
  const cases: [string, ISessionState, IMove | null, string][] = [
    ['the active cell at first', BLANK, null, 'b'],
    ['the last cell of the conversation', runs(['a'], ['d', 'c']), null, 'd'],
    ['where the user has gone since', runs(['d']), moved('b', 1), 'b'],
    ['below what came of it there', runs(['d'], ['c']), moved('b', 1), 'c'],
    [
      'below all of a run in whose cells they are',
      runs(['b', 'c', 'd'], ['f']),
      moved('b', 2),
      'd'
    ],
    ['right where they chose', runs(['b', 'c']), moved('b', 1, true), 'b'],
    ['the last that is there', runs(['d'], ['x']), moved('y', 1), 'd']
  ];

  it.each(cases)('is %s', (_, state, move, expected) => {
    const place = taskPlace({ ...state, moved: move }, CELLS, 'b');
    expect(place.cellId).toBe(expected);
    expect(CELLS[place.index].id).toBe(expected);
  });

  it('is in an empty cell, and is none without cells', () => {
    expect(taskPlace(BLANK, CELLS, 'e')).toEqual({
      cellId: 'e',
      index: 4,
      count: null,
      isInto: true
    });
    expect(taskPlace(BLANK, [], null).cellId).toBeNull();
  });

  it.each([
    ['below the last task’s cells, where the user had gone', {}, 'c'],
    ['below the cell that the user wanted changed', { target: 'a' }, 'a'],
    ['at the end if the model chose the cell', { rewritten: true }, 'e']
  ])('is %s, in a page that was loaded since', (_, given, expected) => {
    const { target = null, rewritten = false } = given as {
      target?: string;
      rewritten?: boolean;
    };
    const wrote = (run: string, after: string, cell_id: string) =>
      event('cell_written', 1, { run, after, cell_id, rewritten: false });
    const second = { run: 'second' };
    const events = [
      event('run_started', 0, { run: 'first', target: null }),
      wrote('first', 'd', 'e'),
      event('run_started', 0, { ...second, target }),
      target || rewritten
        ? event('cell_written', 1, {
            ...second,
            after: null,
            cell_id: target ?? 'b',
            rewritten: true
          })
        : wrote('second', 'b', 'c')
    ];
    const state = receive(BLANK, history(events));
    expect(taskPlace(state, CELLS, 'f').cellId).toBe(expected);
  });

  it('can be chosen: the last cell of the conversation, the active one, the last of all', () => {
    const state = { ...runs(['c']), moved: moved('a', 1) };
    const places = placesToChoose(state, CELLS, 'a');
    expect(places.map(({ cellId }) => cellId)).toEqual(['a', 'c', 'f']);
  });
});
