import { EMPTY, fromHistory, IConversation, reduce } from '../conversation';
import { Event } from '../messages';
import { delta, ended, event, history, turnWith } from './events';

const TRACE = {
  output_type: 'error',
  ename: 'KeyError',
  evalue: "'mas'",
  traceback: []
};

function draw(...events: Event[]): IConversation {
  return events.reduce(reduce, EMPTY);
}

describe('A conversation', () => {
  it('begins a run with what the user asked', () => {
    const { id, messages, running } = draw(event('run_started', 0));
    expect(id).toBe('c');
    expect(running).toBe(true);
    expect(messages).toMatchObject([
      { id: 'r', sender: 'user', body: 'Do it.', time: 1000 }
    ]);
  });

  it('shows a reply while it is written, and then the whole', () => {
    const first = draw(
      event('run_started', 0),
      delta(1, { prose: 'Hel' }),
      delta(1, { prose: 'lo' })
    );
    expect(first.messages[1]).toMatchObject({
      sender: 'agent',
      body: 'Hello',
      streaming: true
    });
    const whole = reduce(
      first,
      event('reply', 1, { text: 'Hello!', prose: 'Hello!' })
    );
    expect(whole.messages).toHaveLength(2);
    expect(whole.messages[1]).toMatchObject({
      body: 'Hello!',
      streaming: false
    });
  });

  it('keeps thinking, prose and code of a reply apart while it is written', () => {
    const [message] = draw(
      delta(1, { thinking: 'Let me ' }),
      delta(1, { thinking: 'see.', prose: 'I add ' }),
      delta(1, { prose: 'them.', action: 'x = ' }),
      delta(1, { action: '1' })
    ).messages;
    expect(message).toMatchObject({
      thinking: 'Let me see.',
      body: 'I add them.',
      code: 'x = 1'
    });
  });

  it('begins a reply anew with the piece that says so', () => {
    const [message, ...others] = draw(
      delta(1, { thinking: 'Hm.', prose: 'Wrong', action: 'oops' }),
      delta(1, { prose: 'Right', restart: true }),
      delta(1, { prose: ' now.' })
    ).messages;
    expect(others).toEqual([]);
    expect(message).toMatchObject({
      thinking: '',
      body: 'Right now.',
      code: '',
      streaming: true
    });
    const [emptied] = draw(
      delta(1, { prose: 'Wrong' }),
      delta(1, { restart: true })
    ).messages;
    expect(emptied.body).toBe('');
  });

  it('shows prose as it is, even if it quotes what marks code in other replies', () => {
    const prose =
      'Write `<execute>x</execute>`, or\n\n```python\nx\n```\n\nand <think> no more.';
    const [live] = draw(
      event('reply', 1, { text: prose, prose }),
      event('action', 1, { source: 'x' })
    ).messages;
    expect(live.body).toBe(prose);
    const [streamed] = draw(
      ...[...prose].map(letter => delta(1, { prose: letter }))
    ).messages;
    expect(streamed.body).toBe(prose);
  });

  it('says why an answer was rejected, beside the answer', () => {
    const { messages } = draw(
      event('run_started', 0),
      event('reply', 1, { prose: 'It is 4711.' }),
      event('answer_rejected', 1, { message: 'No output shows 4711.' }),
      event('observation', 1),
      event('reply', 2, { prose: 'It is 42.' })
    );
    expect(messages.slice(1)).toMatchObject([
      { body: 'It is 4711.', rejection: 'No output shows 4711.' },
      { body: 'It is 42.' }
    ]);
    expect(messages[2].rejection).toBeUndefined();
  });

  it('turns the code being written into an action, and keeps the prose', () => {
    const events = [event('run_started', 0), ...turnWith(1, 'x = 1')];
    const [, written] = draw(...events.slice(0, 4)).messages;
    expect(written).toMatchObject({ body: 'Prose.', code: 'x = 1' });
    const [, message] = draw(...events.slice(0, 5)).messages;
    expect(message.body).toBe('Prose.');
    expect(message.code).toBeUndefined();
    expect(message.action).toMatchObject({ source: 'x = 1', state: 'waiting' });
  });

  it('is the same conversation after an event that draws nothing', () => {
    const conversation = draw(event('run_started', 0), ...turnWith(1, 'x'));
    for (const type of ['hooks_applied', 'history_compacted'] as const) {
      expect(reduce(conversation, event(type, 1))).toBe(conversation);
    }
  });

  it('follows an action from the cell to its outcome', () => {
    const events = turnWith(1, 'print(1)', {
      outputs: [{ output_type: 'stream', name: 'stdout', text: '1\n' }]
    });
    const waiting = draw(...events.slice(0, 5));
    expect(waiting.messages[0].action).toMatchObject({ state: 'waiting' });
    const running = reduce(waiting, events[5]);
    expect(running.messages[0].action).toMatchObject({
      state: 'running',
      cellId: 'x',
      started: 1001
    });
    const done = reduce(running, events[6]);
    expect(done.messages[0].action).toMatchObject({
      state: 'done',
      seconds: 2,
      outcome: { parts: [{ kind: 'text', text: '1' }] }
    });
  });

  it.each([
    ['ok', 'done'],
    ['error', 'failed'],
    ['interrupted', 'stopped'],
    ['dead', 'failed']
  ] as const)('shows %s as %s', (status, state) => {
    const [message] = draw(...turnWith(1, 'x', { status })).messages;
    expect(message.action).toMatchObject({ status, state });
  });

  it('marks an action whose cell was rewritten, and no other', () => {
    const { messages } = draw(
      ...turnWith(1, 'a', { status: 'error', outputs: [TRACE] }),
      ...turnWith(2, 'b')
    );
    expect(messages.map(({ action }) => action!.rewritten)).toEqual([
      true,
      false
    ]);
    expect(messages[0].action!.outcome!.error).toBe("KeyError: 'mas'");
  });

  it('shows an action that was not allowed, and why', () => {
    const reasons = ['It deletes files.'];
    const [message] = draw(
      ...turnWith(1, 'x', {}, { allowed: false, reasons }).slice(0, 6)
    ).messages;
    expect(message.action).toMatchObject({
      state: 'skipped',
      sha256: null,
      reasons
    });
  });

  it('asks the user about the source of the action, and shows what they decided', () => {
    const reasons = ['It deletes files.'];
    const request = event('approval_requested', 1, { sha256: 's', reasons });
    const asking = draw(...turnWith(1, 'x').slice(0, 5), request);
    expect(asking.messages[0].action).toMatchObject({
      state: 'asking',
      source: 'x',
      sha256: 's',
      reasons
    });
    const running = reduce(asking, event('approval_resolved', 1));
    expect(running.messages[0].action).toMatchObject({
      state: 'running',
      source: 'x'
    });
    const edited = reduce(
      asking,
      event('approval_resolved', 1, { edited: 'y' })
    );
    expect(edited.messages[0].action).toMatchObject({
      state: 'running',
      source: 'y'
    });
    const skipped = reduce(
      asking,
      event('approval_resolved', 1, { allowed: false })
    );
    expect(skipped.messages[0].action).toMatchObject({ state: 'skipped' });
  });

  it('asks about a text cell before it is there', () => {
    const cell = { source: '# T', cell_type: 'markdown' } as const;
    const asking = draw(
      event('run_started', 0),
      event('action', 1, cell),
      event('approval_requested', 1, { cell_id: '' })
    );
    const { action } = asking.messages[asking.messages.length - 1];
    expect(action).toMatchObject({ state: 'asking', cellId: null });
    const done = reduce(
      reduce(asking, event('approval_resolved', 1)),
      event('cell_written', 1, { cell_id: 'new' })
    );
    expect(done.messages[done.messages.length - 1].action).toMatchObject({
      state: 'done',
      cellId: 'new'
    });
  });

  it('ends with the answer and the figures', () => {
    const { messages, running } = draw(
      event('run_started', 0),
      ...turnWith(1, 'x'),
      event('reply', 2, { prose: 'It is 1.' }),
      ended(2, { answer: 'It is 1.' })
    );
    expect(running).toBe(false);
    expect(messages.map(({ body }) => body)).toEqual([
      'Do it.',
      'Prose.',
      'It is 1.',
      ''
    ]);
    expect(messages[3].ending).toMatchObject({ ending: 'answered', turns: 2 });
  });

  it('shows an answer that no reply has shown', () => {
    const { messages } = draw(
      event('run_started', 0),
      ended(1, { answer: 'Yes.' })
    );
    expect(messages[1]).toMatchObject({ sender: 'agent', body: 'Yes.' });
  });

  it('leaves nothing running or being written when a run ends', () => {
    const { messages } = draw(
      event('run_started', 0),
      ...turnWith(1, 'x').slice(0, 6),
      delta(2, { prose: 'Nex' }),
      ended(2, { ending: 'stopped' })
    );
    expect(messages[1].action!.state).toBe('stopped');
    expect(messages[2]).toMatchObject({ body: 'Nex', streaming: false });
  });

  it('leaves out the run that was asked anew, and what came after it', () => {
    const { messages } = draw(
      event('run_started', 0, { run: 'r1', task: 'First.' }),
      ended(1, { run: 'r1' }),
      event('run_started', 0, { run: 'r2', task: 'Second.' }),
      ended(1, { run: 'r2' }),
      event('run_started', 0, { run: 'r3', task: 'Third.' }),
      event('run_started', 0, { run: 'r4', task: 'Again.', replaces: 'r2' })
    );
    expect(messages.map(({ body, ending }) => body || ending!.ending)).toEqual([
      'First.',
      'answered',
      'Again.'
    ]);
  });

  it('tells that a run was undone, which is not offered again', () => {
    const before = draw(
      event('run_started', 0),
      ...turnWith(1, 'x'),
      ended(2, { ending: 'stopped' })
    );
    expect(before.messages[2].ending).toMatchObject({ hasChanges: true });
    const { messages, runs } = reduce(
      before,
      event('run_undone', 0, { left: ['x'] })
    );
    expect(runs[0].undone).toBe(true);
    expect(messages[3]).toMatchObject({ undone: { left: ['x'] } });
  });

  it('ends a run with the figures of each of its turns', () => {
    const { messages } = draw(
      event('run_started', 0),
      ...turnWith(1, 'x'),
      event('reply', 2, { prose: 'Yes.', first_token_seconds: 0.5 }),
      ended(2, { answer: 'Yes.' })
    );
    expect(messages[3].ending!.figures).toMatchObject([
      { prompt_tokens: 100, first: null },
      { prompt_tokens: 100, first: 0.5, seconds: 1 }
    ]);
    expect(draw(ended(1)).messages[0].ending).toMatchObject({
      figures: [],
      hasChanges: false
    });
  });

  it('replaces only the messages that an event changes', () => {
    const before = draw(event('run_started', 0), ...turnWith(1, 'x'));
    const after = reduce(before, delta(2, { prose: 'a' }));
    expect(after.messages[0]).toBe(before.messages[0]);
    expect(after.messages[1]).toBe(before.messages[1]);
  });
});

describe('A history', () => {
  const events = [
    event('run_started', 0),
    ...turnWith(1, 'x').filter(({ type }) => type !== 'reply_delta')
  ];

  it('draws the same as the events one by one', () => {
    const conversation = fromHistory(history(events, { running: true }), EMPTY);
    expect(conversation).toEqual(draw(...events));
  });

  it('keeps what was seen of a reply that is still being written', () => {
    const before = draw(...events, delta(2, { prose: 'Half a' }));
    const running = history(events, { running: true });
    expect(fromHistory(running, before).messages).toEqual(before.messages);
    expect(fromHistory(history(events), before).messages).toHaveLength(2);
    const other = history([], { running: true, conversation: 'd' });
    expect(fromHistory(other, before).messages).toEqual([]);
  });
});
