import { nullTranslator } from '@jupyterlab/translation';

import { EMPTY, reduce } from '../conversation';
import { actionsOf, Event } from '../messages';
import { lastRun, lastRunOf, waitingCell } from '../selectors';
import { changeAt, changesText, isSettled } from '../changes';
import { BLANK, ISessionState, receive } from '../state';
import { event, history, waiting } from './events';

const trans = nullTranslator.load('jupyter_codeact');
const CELL = { id: 'b', cell_type: 'code', source: 'old' };

/** What becomes of a state. */
function after(state: ISessionState, ...events: Event[]): ISessionState {
  return events.reduce(
    (before, one) =>
      receive(before, { type: 'event', notebook: 'a.ipynb', event: one }),
    state
  );
}

describe('The session of a notebook', () => {
  it('knows the cell that waits, until the user has decided', () => {
    const reasons = ['It deletes files.'];
    const state = after(BLANK, ...waiting('1', { reasons }));
    expect(waitingCell(state)).toEqual({
      run: 'r',
      agent: null,
      cellId: 'x',
      source: '1',
      isCall: false,
      sha256: 'digest',
      reasons,
      isResolving: false
    });
    const resolved = after(state, event('approval_resolved', 1));
    expect(waitingCell(resolved)).toBeNull();
    expect(waitingCell(after(state, event('run_ended', 1)))).toBeNull();
  });

  it('knows the cell that the agent is working on', () => {
    const working = (state: ISessionState) => state.conversation.workingCell;
    const written = after(BLANK, ...waiting('1').slice(0, 3));
    expect(working(written)).toBe('x');
    const allowed = after(written, event('approval_resolved', 1));
    expect(working(allowed)).toBe('x');
    expect(working(after(allowed, event('executed', 1)))).toBeNull();
    const denied = event('approval_resolved', 1, { allowed: false });
    expect(working(after(written, denied))).toBeNull();
    expect(working(after(written, event('observation', 1)))).toBeNull();
    expect(working(after(written, event('run_ended', 1)))).toBeNull();
  });

  it('keeps what a cell was when the run first came to it', () => {
    const { conversation } = after(
      BLANK,
      event('run_started', 1),
      event('cell_written', 1, { cell_id: 'b', rewritten: true, before: CELL }),
      event('cell_written', 1, { cell_id: 'b', rewritten: true }),
      event('cell_written', 1, { cell_id: 'new' }),
      event('cell_written', 1, { cell_id: 'new', rewritten: true }),
      event('cell_written', 1, { cell_id: 'unknown', rewritten: true })
    );
    expect([...conversation.runs[0].before]).toEqual([
      ['b', CELL],
      ['new', null]
    ]);
  });

  it('knows which run to undo: the last that ended, changed something and is not undone', () => {
    const first = after(
      BLANK,
      event('run_started', 1),
      event('cell_written', 1),
      event('run_ended', 1),
      event('run_started', 1, { run: 's' }),
      event('run_ended', 1, { run: 's' }),
      event('run_started', 1, { run: 't' }),
      event('cell_written', 1, { run: 't', cell_id: 'b' })
    );
    expect(lastRun(first)!.id).toBe('r');
    const ended = after(first, event('run_ended', 1, { run: 't' }));
    expect(lastRun(ended)!.id).toBe('t');
    expect(lastRunOf(ended, 'b')!.id).toBe('t');
    const undone = after(ended, event('run_undone', 1, { run: 't' }));
    expect(lastRun(undone)!.id).toBe('r');
    expect(lastRunOf(undone, 'b')).toBeNull();
    expect(lastRun(after(undone, event('run_undone', 1)))).toBeNull();
  });

  it('knows which cells of a run are undone, can be redone, or are kept', () => {
    const place = { above: null, below: null };
    const written = after(
      BLANK,
      event('run_started', 1),
      event('cell_written', 1, { cell_id: 'new', after: 'a' }),
      event('cell_written', 1, { cell_id: 'b', rewritten: true, before: CELL }),
      event('run_ended', 1)
    );
    const runOf = (state: ISessionState) => state.conversation.runs[0];
    expect([...runOf(written).cells]).toEqual([
      ['new', 'added'],
      ['b', 'changed']
    ]);
    expect(runOf(written).place).toBe('a');
    expect(changesText(runOf(written), trans)).toBe('1 added, 1 changed');
    expect(changeAt(written, 'new')).toBeNull(); // it is the agent's own
    expect(changeAt(written, 'b')).toMatchObject({
      kind: 'changed',
      isUndone: false
    });
    const taken = [{ cell_id: 'b', cell: CELL, place }];
    const one = after(written, event('run_undone', 0, { cells: ['b'], taken }));
    expect(runOf(one).undone).toBe(false);
    expect(changeAt(one, 'b')).toMatchObject({ isUndone: true, canRedo: true });
    const both = after(one, event('run_undone', 0, { cells: ['new'] }));
    expect(runOf(both).undone).toBe(true);
    const back = after(both, event('run_redone', 0));
    expect(runOf(back).undone).toBe(false);
    expect(changeAt(back, 'b')).toMatchObject({ canRedo: false });
    const kept = after(back, event('run_kept', 0, { cells: ['b'] }));
    expect(changeAt(kept, 'b')).toBeNull();
    expect(isSettled(runOf(kept))).toBe(false);
    const all = after(kept, event('run_kept', 0));
    expect(isSettled(runOf(all))).toBe(true);
    const reviewed = changeAt({ ...all, reviewing: 'r' }, 'new');
    expect(reviewed).toMatchObject({ kind: 'added', number: 1, count: 2 });
  });

  it('shows each call of a reply with what it did, and undoes a run that only moved cells', () => {
    const call = { is_call: true };
    const asked = after(
      BLANK,
      event('run_started', 0),
      event('notebook_read', 1),
      event('action', 1, { ...call, source: 'notebook.move("x")' }),
      event('approval_requested', 1, { ...call, sha256: 'digest' })
    );
    expect(waitingCell(asked)?.isCall).toBe(true);
    const ended = after(
      asked,
      event('approval_resolved', 1),
      event('cell_moved', 1),
      event('action', 1, { ...call, source: 'notebook.delete("z")' }),
      event('approval_resolved', 1, { allowed: false }),
      event('run_ended', 1)
    );
    const [, message] = ended.conversation.messages;
    expect(message.readings).toEqual(['Read cell [1].']);
    expect(
      actionsOf(message).map(({ change, state }) => [change, state])
    ).toEqual([
      ['moved', 'done'],
      [null, 'skipped']
    ]);
    expect(lastRun(ended)!.id).toBe('r');
    expect(ended.conversation.messages[2].ending?.hasChanges).toBe(true);
  });

  it('keeps a run that was asked again, for its cells can still be undone', () => {
    const state = after(
      BLANK,
      event('run_started', 0),
      event('cell_written', 1),
      event('run_ended', 1),
      event('run_started', 0, { run: 's', replaces: 'r' })
    );
    expect(state.conversation.messages.map(({ run }) => run)).toEqual(['s']);
    expect(lastRunOf(state, 'x')!.id).toBe('r');
  });

  it('is read from the history, where a run that is over waits for nobody', () => {
    const events = waiting('1');
    const running = receive(
      BLANK,
      history(events, { running: true, approval: 'always' })
    );
    expect(waitingCell(running)?.cellId).toBe('x');
    expect(running.approval).toBe('always');
    const over = receive(running, history(events));
    expect(waitingCell(over)).toBeNull();
    expect(over.conversation.workingCell).toBeNull();
    expect(over.conversation.running).toBe(false);
  });

  it('has the same runs after events that have nothing to do with them', () => {
    const conversation = reduce(EMPTY, event('run_started', 1));
    for (const type of ['reply_delta', 'reply', 'action'] as const) {
      const { runs } = reduce(conversation, event(type, 1));
      expect(runs).toBe(conversation.runs);
    }
  });
});
