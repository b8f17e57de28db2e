import {
  RenderMimeRegistry,
  standardRendererFactories
} from '@jupyterlab/rendermime';
import { waitForDialog } from '@jupyterlab/testing';
import { nullTranslator } from '@jupyterlab/translation';
import { Signal } from '@lumino/signaling';
import { Widget } from '@lumino/widgets';
import { act } from 'react';

import { FakeConnection } from '../../__tests__/fake-connection';
import { ModelChoice } from '../../protocol';
import { ISettings } from '../../tokens';
import { Event } from '../../session/messages';
import { Sessions } from '../../session/sessions';
import { ChatModel } from '../model';
import { ChatPanel } from '../panel';
import {
  delta,
  ended,
  event,
  history,
  turnWith,
  USAGE,
  waiting
} from '../../session/__tests__/events';
import { FakeFiles } from '../../__tests__/fake-files';
import { FakeNotebooks } from '../../__tests__/fake-notebooks';
import { FakeWorkspace } from '../../__tests__/fake-workspace';

const trans = nullTranslator.load('jupyter_codeact');
const A = 'work/a.ipynb';

/** As little Markdown as the tests need; HTML comes through, as it does with JupyterLab's parser. */
const markdownParser = {
  render: async (text: string) =>
    text
      .replace(
        /`([^`\n]+)`/g,
        (_, code) => `<code>${code.replace(/</g, '&lt;')}</code>`
      )
      .replace(/\*\*(.+?)\*\*/g, '<strong>$1</strong>')
};

let connection: FakeConnection;
let model: ChatModel;
let notebooks: FakeNotebooks;
let sessions: Sessions;
let panel: ChatPanel;
let settings: { sendWithEnter: boolean };

beforeAll(() => {
  Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: true });
  window.ResizeObserver ??= class {
    observe(): void {}
    unobserve(): void {}
    disconnect(): void {}
  };
});

beforeEach(async () => {
  connection = new FakeConnection();
  connection.connect();
  notebooks = new FakeNotebooks();
  const files = new FakeFiles({ '': ['data.csv'] });
  sessions = new Sessions({ connection, notebooks, trans });
  const workspace = new FakeWorkspace(notebooks);
  model = new ChatModel({
    connection,
    files,
    notebooks,
    sessions,
    trans,
    workspace
  });
  settings = { sendWithEnter: true };
  panel = new ChatPanel({
    model,
    rendermime: new RenderMimeRegistry({
      initialFactories: standardRendererFactories,
      markdownParser
    }),
    settings: {
      ...settings,
      changed: new Signal({})
    } as unknown as ISettings,
    trans
  });
  await act(async () => {
    notebooks.show(A);
    connection.receive(history([], { notebook: A }));
    Widget.attach(panel, document.body);
    await panel.renderPromise;
  });
  connection.takeRequests(); // what it looks up at first
});

afterEach(() => {
  act(() => panel.dispose());
  model.dispose();
  sessions.dispose();
});

async function say(...events: Event[]): Promise<void> {
  await act(async () => {
    for (const each of events) {
      connection.receive({ type: 'event', notebook: A, event: each });
    }
  });
}

/** Say pieces of a reply, and wait until they are drawn. */
async function stream(...pieces: Event[]): Promise<void> {
  const drawn = new Promise<void>(resolve =>
    sessions.streamed.connect(() => resolve())
  );
  await say(...pieces);
  await act(() => drawn);
}

function find<T extends HTMLElement>(selector: string): T {
  return panel.node.querySelector<T>(selector)!;
}

function button(name: string): HTMLButtonElement | undefined {
  return [...panel.node.querySelectorAll('button')].find(
    ({ textContent, title }) => textContent === name || title === name
  );
}

async function type(text: string, key: KeyboardEventInit): Promise<void> {
  const textarea = find<HTMLTextAreaElement>('textarea');
  await act(async () => {
    model.composer.setText(text);
  });
  await act(async () => {
    textarea.dispatchEvent(
      new KeyboardEvent('keydown', { bubbles: true, key: 'Enter', ...key })
    );
  });
}

describe('The chat panel', () => {
  it('names the notebook it is about, and says what it is for', () => {
    expect(find('.jp-CodeAct-notebook').textContent).toBe('a.ipynb');
    expect(find('[role=log]').textContent).toContain('Say what you want');
  });

  it('sends with Enter, and not with Shift+Enter or in the middle of a word', async () => {
    await type('Do it.', { shiftKey: true });
    await type('Do it.', { isComposing: true });
    expect(connection.takeRequests()).toEqual([]);
    await type('Do it.', {});
    expect(connection.takeRequests()).toMatchObject([{ type: 'ask' }]);
  });

  it('draws a run: the prose, the card, what came out, the answer', async () => {
    const outputs = [{ output_type: 'stream', name: 'stdout', text: '42\n' }];
    await say(event('run_started', 0), ...turnWith(1, 'x', { outputs }));
    const card = find('.jp-CodeAct-action');
    expect(card.dataset).toMatchObject({ state: 'done', cellId: 'x' });
    expect(find('.jp-CodeAct-outcome').textContent).toBe('42');
    await say(event('reply', 2, { prose: 'So **42**.' }), ended(2));
    const log = find('[role=log]');
    expect(log.querySelector('strong')!.textContent).toBe('42');
    expect(log.textContent).toContain('2 turns · 120 tokens · 3.0 s');
    expect(log.querySelector('[role=alert]')).toBeNull();
  });

  it('draws thinking, prose and code apart while they are written', async () => {
    await stream(
      event('run_started', 0),
      delta(1, {
        thinking: 'Is it **two**?',
        thinking_tokens: 340,
        time: Date.now() / 1000 - 12
      })
    );
    const thinking = find<HTMLDetailsElement>('.jp-CodeAct-thinking');
    expect(thinking.open).toBe(false);
    expect(thinking.textContent).toMatch(
      /^Thinking… 1[23] s · about 340 tokensIs it \*\*two\*\*\?$/
    );
    await stream(
      delta(1, {
        prose: 'Adding.',
        action: '1 + 1',
        time: Date.now() / 1000
      })
    );
    expect(find('.jp-CodeAct-thinking summary').textContent).toBe(
      'Thought for 12 s (about 340 tokens)'
    );
    expect(find('.jp-CodeAct-writing').textContent).toContain('1 + 1');
    expect(find('[role=log]').textContent).toContain('Adding.');
    await say(
      event('reply', 1, {
        thinking: 'Is it **two**?',
        prose: 'Adding.',
        thinking_seconds: 12.3,
        thinking_tokens: 351,
        usage: { ...USAGE, reasoning_tokens: 351 }
      }),
      event('action', 1, { source: '1 + 1' })
    );
    expect(find('.jp-CodeAct-thinking summary').textContent).toBe(
      'Thought for 12 s (351 tokens)'
    );
    expect(find('.jp-CodeAct-writing')).toBeNull();
    expect(find('.jp-CodeAct-action').textContent).toContain('1 + 1');
    expect(find('.jp-CodeAct-thinking')).not.toBeNull();
  });

  it('shows a question of the model, and sends the answer once', async () => {
    await say(
      event('run_started', 0),
      event('question_asked', 1, {
        question: 'Mean or median?',
        options: ['mean', 'median']
      })
    );
    connection.takeRequests();
    const card = find('.jp-CodeAct-question');
    expect(card.textContent).toContain('Mean or median?');
    const option = card.querySelectorAll('button')[1];
    await act(async () => option.click());
    expect(option.disabled).toBe(true);
    expect(connection.takeRequests()).toMatchObject([
      { type: 'answer_question', run: 'r', answer: 'median' }
    ]);
    await say(event('question_answered', 1, { answer: 'median' }));
    expect(card.querySelector('button')).toBeNull();
    expect(find('.jp-CodeAct-questionAnswer').textContent).toBe('median');
  });

  it('shows the plan of the run under way, with what is done', async () => {
    const steps = [
      { text: 'Load', done: true },
      { text: 'Plot', done: false }
    ];
    await say(event('run_started', 0), event('plan_changed', 1, { steps }));
    const plan = find('.jp-CodeAct-plan');
    expect(plan.querySelector('summary')!.textContent).toBe(
      'Plan: 1 of 2 done'
    );
    expect(plan.querySelectorAll('li[data-done]')).toHaveLength(1);
    await say(ended(2));
    expect(find('.jp-CodeAct-plan')).toBeNull();
  });

  it('draws prose that quotes tags and code as prose', async () => {
    const prose = 'Put it into `<execute>x</execute>`, as **told**.';
    await say(event('reply', 1, { prose }));
    const log = find('[role=log]');
    expect(log.textContent).toContain('Put it into <execute>x</execute>, as');
    expect(log.querySelector('code')).not.toBeNull();
    expect(log.querySelector('.jp-CodeAct-action')).toBeNull();
  });

  it('goes to the cell of a card', async () => {
    await say(...turnWith(1, 'x'));
    await act(async () => button('Go to Cell')!.click());
    expect(notebooks.jumpToCell).toHaveBeenCalledWith(A, 'x');
  });

  it('does not let a reply bring HTML that acts', async () => {
    const text = 'A <img src="x" onerror="alert(1)"><script>1</script>';
    await say(event('reply', 1, { prose: text }));
    const { innerHTML, textContent } = find('[role=log]');
    expect(textContent).toContain('A ');
    expect(innerHTML).not.toContain('onerror');
    expect(innerHTML).not.toContain('<script');
  });

  it('offers Stop and Queue while a run is under way, and Send else', async () => {
    expect(button('Stop')).toBeUndefined();
    await say(event('run_started', 0));
    expect(button('Send')).toBeUndefined();
    expect(button('Queue')!.disabled).toBe(true);
    await type('And then this.', {});
    expect(find('.jp-CodeAct-queue').textContent).toContain('And then this.');
    const stop = find<HTMLButtonElement>('.jp-CodeAct-composer .jp-mod-warn');
    await act(async () => stop.click());
    expect(connection.takeRequests()).toMatchObject([{ type: 'stop' }]);
    expect(stop.disabled).toBe(true);
    expect(document.activeElement).toBe(find('textarea'));
    await say(ended(1, { ending: 'stopped' }));
    expect(button('Send')).toBeDefined();
    expect(find('.jp-CodeAct-notice').textContent).toBe('Stopped.');
    expect(find('.jp-CodeAct-held').textContent).toContain('no answer');
    await act(async () => button('Take this back')!.click());
    expect(find<HTMLTextAreaElement>('textarea').value).toBe('And then this.');
  });

  it('tells the model why a cell is skipped', async () => {
    await say(...waiting('x = 1'));
    await act(async () => button('Skip and Say Why…')!.click());
    const field = find<HTMLTextAreaElement>('.jp-CodeAct-comment textarea');
    expect(document.activeElement).toBe(field);
    expect(button('Skip')!.disabled).toBe(true);
    await act(async () => {
      Object.getOwnPropertyDescriptor(
        HTMLTextAreaElement.prototype,
        'value'
      )!.set!.call(field, 'Call it y.');
      field.dispatchEvent(new Event('input', { bubbles: true }));
    });
    await act(async () => button('Skip')!.click());
    expect(connection.takeRequests()).toMatchObject([
      { type: 'resolve_approval', approved: false, comment: 'Call it y.' }
    ]);
  });

  it('shows how full the context is, and what a run cost', async () => {
    expect(find('.jp-CodeAct-context')).toBeNull();
    await say(
      event('run_started', 0),
      event('model_described', 0, { context_window: 1000 }),
      event('reply', 1, { prose: 'Five.' }),
      ended(1, { cost: 0.00123 })
    );
    const meter = find('[role=meter]');
    expect(meter.textContent).toBe('12 % of context');
    expect(meter.title).toContain('120 of the 1,000 tokens');
    expect(find('.jp-CodeAct-figures').textContent).toContain('$0.0012');
  });

  it('offers what there is to work with, and tasks to begin with', async () => {
    await act(async () => {
      model.shown(false);
      connection.receive({
        type: 'variable_list',
        notebook: A,
        variables: [
          {
            name: 'penguins',
            type: 'DataFrame',
            summary: '344 rows x 8 columns: a int',
            names: ['a']
          }
        ]
      });
    });
    const first = find('.jp-CodeAct-first');
    expect(first.textContent).toContain('I see penguins (344 × 8)');
    const [task] = first.querySelectorAll<HTMLElement>('.jp-CodeAct-starter');
    await act(async () => task.click());
    expect(find<HTMLTextAreaElement>('textarea').value).toBe(
      task.textContent!.replace('penguins', '`penguins`')
    );
  });

  it('leads from a refused key to the form of the endpoint', async () => {
    const endpoint = {
      id: 'endpoint:work',
      name: 'work',
      kind: 'endpoint',
      where: 'https://models.example/v1',
      has_key: true
    };
    await act(async () => {
      connection.receive({
        type: 'model_status',
        model: 'm',
        state: 'failed',
        progress: null,
        message: 'It refused the API key.',
        where: '',
        needs_key: true
      });
    });
    await act(async () => button('Change the Key…')!.click());
    await act(async () =>
      connection.receive({
        type: 'model_list',
        chosen: 'endpoint:work',
        choices: [endpoint as unknown as ModelChoice]
      })
    );
    expect(find<HTMLInputElement>('form.jp-CodeAct-endpoint input').value).toBe(
      'work'
    );
    expect(document.activeElement).toBe(find('input[type=password]'));
  });

  it('tells why a run failed, at once and only once', async () => {
    const message = 'The model is gone.';
    await say(event('run_started', 0), ended(1, { ending: 'failed', message }));
    expect(find('[role=alert]').textContent).toBe(message);
    await say(event('run_started', 0, { run: 'r2' }));
    expect(find('[role=alert]')).toBeNull();
    expect(find('.jp-CodeAct-notice').textContent).toBe(message);
  });

  it('says beside the button why nothing can be sent', async () => {
    await act(async () => notebooks.show(A, 'The kernel is dead.'));
    expect(find('.jp-CodeAct-blocked').textContent).toBe('The kernel is dead.');
    await act(async () => notebooks.show(null));
    expect(find('.jp-CodeAct-blocked').textContent).toBe('');
    expect(button('New Notebook')).toBeDefined();
    expect(button('New conversation')!.disabled).toBe(true);
  });

  it('shows a download with its progress', async () => {
    await act(async () =>
      connection.receive({
        type: 'model_status',
        model: 'm',
        state: 'downloading',
        progress: 0.421,
        message: '1 GB',
        where: '',
        needs_key: false
      })
    );
    expect(find('.jp-CodeAct-model').textContent).toBe(
      'mdownloading42 %1 GBCancelm: downloading'
    );
    expect(find<HTMLProgressElement>('progress').value).toBe(0.421);
  });

  it('asks before it downloads a model, with its size and licence', async () => {
    const choice = {
      kind: 'catalog' as const,
      where: '',
      detail: '',
      runs: true,
      fits: 'on the CPU',
      licence: 'Apache-2.0',
      suggested: false,
      has_key: false,
      supports_images: null,
      guidance: null,
      approval: null,
      prices: null,
      settings: null
    };
    await act(async () => {
      model.open('models');
      connection.receive({
        type: 'model_list',
        chosen: 'catalog:small',
        choices: [
          {
            ...choice,
            id: 'catalog:small',
            name: 'small',
            size: '1.1 GB',
            present: true
          },
          {
            ...choice,
            id: 'catalog:big',
            name: 'big',
            size: '6.6 GB',
            present: false,
            suggested: true
          },
          {
            ...choice,
            id: 'catalog:vast',
            name: 'vast',
            size: '30 GB',
            present: false,
            runs: false,
            fits: 'needs 31 GB of memory'
          }
        ]
      });
    });
    connection.takeRequests();
    const row = (name: string) =>
      [
        ...panel.node.querySelectorAll<HTMLButtonElement>('.jp-CodeAct-rowMain')
      ].find(button => button.textContent!.startsWith(name))!;
    const names = [...panel.node.querySelectorAll('.jp-CodeAct-rowTitle')];
    expect(names.map(({ textContent }) => textContent)).toEqual([
      'small',
      'big'
    ]);
    expect(row('vast')).toBeUndefined();
    expect(find('.jp-CodeAct-tooBig').textContent).toContain(
      'needs 31 GB of memory'
    );
    expect(row('big').textContent).toContain('suggested for this machine');

    const answer = async (selector: string) => {
      await act(async () => row('big').click());
      await waitForDialog();
      const dialog = document.querySelector<HTMLElement>('.jp-Dialog')!;
      expect(dialog.textContent).toContain('6.6 GB, Apache-2.0');
      await act(async () =>
        dialog.querySelector<HTMLButtonElement>(selector)!.click()
      );
    };
    await answer('.jp-mod-reject');
    expect(connection.takeRequests()).toEqual([]);
    await answer('.jp-mod-accept');
    expect(connection.takeRequests()).toMatchObject([
      { type: 'choose_model', choice: 'catalog:big' },
      { type: 'control_model', action: 'start' }
    ]);
  });

  it('obeys a suggested command', async () => {
    await act(async () => model.composer.setText('/he'));
    const suggestion = find('[role=option]');
    expect(suggestion.textContent).toBe('/helpShow all commands');
    await act(async () =>
      suggestion.dispatchEvent(new MouseEvent('mousedown', { bubbles: true }))
    );
    expect(find('.jp-CodeAct-notice').textContent).toContain('/new');
  });
});
