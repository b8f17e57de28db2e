import { event } from '../../chat/__tests__/events';
import { BLANK, Event, fromHistory, happen, lastRun, runOf } from '../record';
import { history } from './history';

const CELL = { id: 'b', cell_type: 'code', source: 'old' };

/** What becomes of a blank record. */
function after(...events: Event[]) {
  return events.reduce(happen, BLANK);
}

describe('The record of a notebook', () => {
  it('knows the cell that waits, until it is decided', () => {
    const asked = after(
      event('run_started', 1),
      event('cell_written', 1),
      event('asked', 1, { reasons: ['It deletes files.'] })
    );
    expect(asked.waiting).toEqual({
      run: 'r',
      cellId: 'x',
      sha256: '',
      reasons: ['It deletes files.'],
      decided: false
    });
    expect(happen(asked, event('decided', 1)).waiting).toBeNull();
    expect(happen(asked, event('run_ended', 1)).waiting).toBeNull();
  });

  it('knows the cell that the agent is at', () => {
    const written = after(event('run_started', 1), event('cell_written', 1));
    expect(written.working).toBe('x');
    const allowed = happen(written, event('decided', 1));
    expect(allowed.working).toBe('x');
    expect(happen(allowed, event('executed', 1)).working).toBeNull();
    const denied = happen(written, event('decided', 1, { allowed: false }));
    expect(denied.working).toBeNull();
    expect(happen(written, event('observation', 1)).working).toBeNull();
    expect(happen(written, event('run_ended', 1)).working).toBeNull();
  });

  it('keeps what a cell was when the run first came to it', () => {
    const record = after(
      event('run_started', 1),
      event('cell_written', 1, { cell_id: 'b', rewritten: true, before: CELL }),
      event('cell_written', 1, { cell_id: 'b', rewritten: true }),
      event('cell_written', 1, { cell_id: 'new' }),
      event('cell_written', 1, { cell_id: 'new', rewritten: true }),
      event('cell_written', 1, { cell_id: 'unknown', rewritten: true })
    );
    expect([...record.runs[0].before]).toEqual([
      ['b', CELL],
      ['new', null]
    ]);
  });

  it('knows which run to undo: the last that ended, changed something and is not undone', () => {
    const first = after(
      event('run_started', 1),
      event('cell_written', 1),
      event('run_ended', 1),
      event('run_started', 1, { run: 's' }),
      event('run_ended', 1, { run: 's' }),
      event('run_started', 1, { run: 't' }),
      event('cell_written', 1, { run: 't', cell_id: 'b' })
    );
    expect(first.runs.map(({ before }) => [...before.keys()])).toEqual([
      ['x'],
      [],
      ['b']
    ]);
    expect(lastRun(first)!.id).toBe('r');
    const ended = happen(first, event('run_ended', 1, { run: 't' }));
    expect(lastRun(ended)!.id).toBe('t');
    expect(runOf(ended, 'b')!.id).toBe('t');
    const undone = happen(ended, event('run_undone', 1, { run: 't' }));
    expect(lastRun(undone)!.id).toBe('r');
    expect(runOf(undone, 'b')).toBeNull();
    expect(lastRun(happen(undone, event('run_undone', 1)))).toBeNull();
  });

  it('is drawn up from the history, where a run that is over waits for nobody', () => {
    const events = [
      event('run_started', 1),
      event('cell_written', 1),
      event('asked', 1)
    ];
    const running = fromHistory(
      history(events, { running: true, mode: 'ask' }),
      BLANK
    );
    expect(running.waiting?.cellId).toBe('x');
    expect(running.mode).toBe('ask');
    const over = fromHistory(history(events), running);
    expect(over.waiting).toBeNull();
    expect(over.working).toBeNull();
    expect(over.running).toBe(false);
  });

  it('is not another one for events that have nothing to do with cells', () => {
    const record = after(event('run_started', 1));
    for (const type of ['reply_delta', 'reply', 'action'] as const) {
      expect(happen(record, event(type, 1))).toBe(record);
    }
  });
});
