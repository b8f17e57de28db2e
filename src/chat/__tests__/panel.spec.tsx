import { act } from 'react';

import { FakeConnection } from '../../__tests__/fake-connection';
import { FakeNotebooks } from '../../__tests__/fake-notebooks';
import {
  delta,
  ended,
  event,
  turnWith,
  USAGE
} from '../../session/__tests__/events';
import { ChatModel } from '../model';
import { A, ShownPanel } from './shown-panel';

let connection: FakeConnection;
let model: ChatModel;
let notebooks: FakeNotebooks;
let shown: ShownPanel;

beforeEach(async () => {
  shown = new ShownPanel();
  ({ connection, model, notebooks } = shown);
  await shown.open();
});

afterEach(() => shown.close());

describe('The chat panel', () => {
  it('names the notebook it is about, and says what it is for', () => {
    expect(shown.find('.jp-CodeAct-notebook').textContent).toBe('a.ipynb');
    expect(shown.find('[role=log]').textContent).toContain('Say what you want');
  });

  it('sends with Enter, and not with Shift+Enter or in the middle of a word', async () => {
    await shown.type('Do it.', { shiftKey: true });
    await shown.type('Do it.', { isComposing: true });
    expect(connection.takeRequests()).toEqual([]);
    await shown.type('Do it.', {});
    expect(connection.takeRequests()).toMatchObject([{ type: 'ask' }]);
  });

  it('draws a run: the prose, the card, what came out, the answer', async () => {
    const outputs = [{ output_type: 'stream', name: 'stdout', text: '42\n' }];
    await shown.say(event('run_started', 0), ...turnWith(1, 'x', { outputs }));
    const card = shown.find('.jp-CodeAct-action');
    expect(card.dataset).toMatchObject({ state: 'done', cellId: 'x' });
    expect(shown.find('.jp-CodeAct-outcome').textContent).toBe('42');
    await shown.say(event('reply', 2, { prose: 'So **42**.' }), ended(2));
    const log = shown.find('[role=log]');
    expect(log.querySelector('strong')!.textContent).toBe('42');
    expect(log.textContent).toContain('2 turns · 120 tokens · 3.0 s');
    expect(log.querySelector('[role=alert]')).toBeNull();
  });

  it('draws thinking, prose and code apart while they are written', async () => {
    await shown.stream(
      event('run_started', 0),
      delta(1, {
        thinking: 'Is it **two**?',
        thinking_tokens: 340,
        time: Date.now() / 1000 - 12
      })
    );
    const thinking = shown.find<HTMLDetailsElement>('.jp-CodeAct-thinking');
    expect(thinking.open).toBe(false);
    expect(thinking.textContent).toMatch(
      /^Thinking… 1[23] s · about 340 tokensIs it \*\*two\*\*\?$/
    );
    await shown.stream(
      delta(1, {
        prose: 'Adding.',
        action: '1 + 1',
        time: Date.now() / 1000
      })
    );
    expect(shown.find('.jp-CodeAct-thinking summary').textContent).toBe(
      'Thought for 12 s (about 340 tokens)'
    );
    expect(shown.find('.jp-CodeAct-writing').textContent).toContain('1 + 1');
    expect(shown.find('[role=log]').textContent).toContain('Adding.');
    await shown.say(
      event('reply', 1, {
        thinking: 'Is it **two**?',
        prose: 'Adding.',
        thinking_seconds: 12.3,
        thinking_tokens: 351,
        usage: { ...USAGE, reasoning_tokens: 351 }
      }),
      event('action', 1, { source: '1 + 1' })
    );
    expect(shown.find('.jp-CodeAct-thinking summary').textContent).toBe(
      'Thought for 12 s (351 tokens)'
    );
    expect(shown.find('.jp-CodeAct-writing')).toBeNull();
    expect(shown.find('.jp-CodeAct-action').textContent).toContain('1 + 1');
    expect(shown.find('.jp-CodeAct-thinking')).not.toBeNull();
  });

  it('shows a question of the model, and sends the answer once', async () => {
    await shown.say(
      event('run_started', 0),
      event('question_asked', 1, {
        question: 'Mean or median?',
        options: ['mean', 'median']
      })
    );
    connection.takeRequests();
    const card = shown.find('.jp-CodeAct-question');
    expect(card.textContent).toContain('Mean or median?');
    const option = card.querySelectorAll('button')[1];
    await act(async () => option.click());
    expect(option.disabled).toBe(true);
    expect(connection.takeRequests()).toMatchObject([
      { type: 'answer_question', run: 'r', answer: 'median' }
    ]);
    await shown.say(event('question_answered', 1, { answer: 'median' }));
    expect(card.querySelector('button')).toBeNull();
    expect(shown.find('.jp-CodeAct-questionAnswer').textContent).toBe('median');
  });

  it('shows the plan of the run under way, with what is done', async () => {
    const steps = [
      { text: 'Load', done: true },
      { text: 'Plot', done: false }
    ];
    await shown.say(
      event('run_started', 0),
      event('plan_changed', 1, { steps })
    );
    const plan = shown.find('.jp-CodeAct-plan');
    expect(plan.querySelector('summary')!.textContent).toBe(
      'Plan: 1 of 2 done'
    );
    expect(plan.querySelectorAll('li[data-done]')).toHaveLength(1);
    await shown.say(ended(2));
    expect(shown.find('.jp-CodeAct-plan')).toBeNull();
  });

  it('draws prose that quotes tags and code as prose', async () => {
    const prose = 'Put it into `<execute>x</execute>`, as **told**.';
    await shown.say(event('reply', 1, { prose }));
    const log = shown.find('[role=log]');
    expect(log.textContent).toContain('Put it into <execute>x</execute>, as');
    expect(log.querySelector('code')).not.toBeNull();
    expect(log.querySelector('.jp-CodeAct-action')).toBeNull();
  });

  it('goes to the cell of a card', async () => {
    await shown.say(...turnWith(1, 'x'));
    await act(async () => shown.button('Go to Cell')!.click());
    expect(notebooks.jumpToCell).toHaveBeenCalledWith(A, 'x');
  });

  it('does not let a reply bring HTML that acts', async () => {
    const text = 'A <img src="x" onerror="alert(1)"><script>1</script>';
    await shown.say(event('reply', 1, { prose: text }));
    const { innerHTML, textContent } = shown.find('[role=log]');
    expect(textContent).toContain('A ');
    expect(innerHTML).not.toContain('onerror');
    expect(innerHTML).not.toContain('<script');
  });

  it('tells why a run failed, at once and only once', async () => {
    const message = 'The model is gone.';
    await shown.say(
      event('run_started', 0),
      ended(1, { ending: 'failed', message })
    );
    expect(shown.find('[role=alert]').textContent).toBe(message);
    await shown.say(event('run_started', 0, { run: 'r2' }));
    expect(shown.find('[role=alert]')).toBeNull();
    expect(shown.find('.jp-CodeAct-notice').textContent).toBe(message);
  });

  it('says beside the button why nothing can be sent', async () => {
    await act(async () => notebooks.show(A, 'The kernel is dead.'));
    expect(shown.find('.jp-CodeAct-blocked').textContent).toBe(
      'The kernel is dead.'
    );
    await act(async () => notebooks.show(null));
    expect(shown.find('.jp-CodeAct-blocked').textContent).toBe('');
    expect(shown.button('New Notebook')).toBeDefined();
    expect(shown.button('New conversation')!.disabled).toBe(true);
  });

  it('obeys a suggested command', async () => {
    await act(async () => model.composer.setText('/he'));
    const suggestion = shown.find('[role=option]');
    expect(suggestion.textContent).toBe('/helpShow all commands');
    await act(async () =>
      suggestion.dispatchEvent(new MouseEvent('mousedown', { bubbles: true }))
    );
    expect(shown.find('.jp-CodeAct-notice').textContent).toContain('/new');
  });
});
