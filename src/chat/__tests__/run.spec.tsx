import { Clipboard } from '@jupyterlab/apputils';
import { act } from 'react';

import { FakeResizeObserver } from '../../__tests__/fake-resize-observer';
import { delta, ended, event, turnWith } from '../../session/__tests__/events';
import { A, ShownPanel } from './shown-panel';

const EVIL = 'https://evil.example/x.png';
const TABLE =
  '<div><style scoped>x {}</style><table><thead><tr><th></th><th>mass</th></tr></thead><tbody>' +
  '<tr><th>0</th><td>3750</td></tr>'.repeat(10) +
  '</tbody></table><p>344 rows × 1 columns</p></div>';
const PICTURE = { 'text/plain': '<Figure>', 'image/png': 'AAAA' };

let chat: ShownPanel;

beforeEach(async () => {
  chat = new ShownPanel();
  await chat.open();
});

afterEach(() => {
  jest.useRealTimers();
  jest.restoreAllMocks();
  chat.close();
});

function display(data: Record<string, unknown>) {
  return { output_type: 'display_data', data, metadata: {} };
}

const status = () => chat.find('.jp-CodeAct-statusText')?.textContent;

async function click(button: HTMLElement | undefined): Promise<void> {
  await act(async () => button!.click());
}

describe('A run under way', () => {
  it('says what it does: it reads, thinks, writes, runs a cell', async () => {
    const time = 1_800_000_000;
    jest.spyOn(Date, 'now').mockReturnValue(1000 * time);
    await chat.say(event('run_started', 0));
    expect(status()).toBe('Preparing…');
    await chat.stream(delta(1, { prompt_tokens: 1298, time: time - 12 }));
    expect(status()).toBe('Step 1 · Reading 1,298 tokens · 12 s');
    await chat.stream(delta(1, { thinking: 'Hm.', time: time - 3 }));
    expect(status()).toBe('Step 1 · Thinking · 3 s');
    await chat.stream(delta(1, { prose: 'I look.' }));
    expect(status()).toMatch(/^Step 1 · Writing/);
    chat.notebooks.cells.mockReturnValue([
      { id: 'w', type: 'code', source: '' },
      { id: 'x', type: 'code', source: '' }
    ]);
    await chat.say(
      event('action', 1, { source: 'x' }),
      event('cell_written', 1, {}),
      event('approval_resolved', 1, { time: time - 5 })
    );
    expect(status()).toBe('Step 1 · Running cell 2 · 5 s');
    await chat.say(ended(1));
    expect(chat.find('.jp-CodeAct-status')).toBeNull();
  });

  it('says when its cell waits for another one, or for what the user is to type', async () => {
    const cell = { outputs: [], asksForInput: false, isQueued: true };
    chat.notebooks.runningCell.mockReturnValue(cell);
    await chat.say(
      event('run_started', 0),
      event('action', 1, { source: 'x' }),
      event('cell_written', 1, {}),
      event('approval_resolved', 1, { time: Date.now() / 1000 })
    );
    expect(status()).toBe('Step 1 · Waiting for your cell');
    chat.notebooks.runningCell.mockReturnValue({
      ...cell,
      asksForInput: true
    });
    await chat.say(event('plan_changed', 1));
    expect(status()).toBe('Step 1 · The cell asks for input');
    await click(chat.button('Show'));
    expect(chat.notebooks.jumpToCell).toHaveBeenCalledWith(A, 'x');
  });

  it('shows the end of what its cell prints, while it prints it', async () => {
    jest.useFakeTimers({ doNotFake: ['performance', 'queueMicrotask'] });
    const printed = (text: string) =>
      chat.notebooks.runningCell.mockReturnValue({
        outputs: [{ output_type: 'stream', name: 'stdout', text }],
        asksForInput: false,
        isQueued: false
      });
    printed('epoch 1\n');
    await chat.say(
      event('run_started', 0),
      event('action', 1, { source: 'x' }),
      event('cell_written', 1, {}),
      event('approval_resolved', 1, {})
    );
    expect(chat.find('.jp-CodeAct-outcome').textContent).toBe('epoch 1');
    printed(Array.from({ length: 20 }, (_, n) => `epoch ${n}`).join('\n'));
    await act(async () => jest.advanceTimersByTime(1000));
    const text = chat.find('.jp-CodeAct-outcome pre').textContent!;
    expect(text.split('\n')).toHaveLength(8);
    expect(text).toContain('epoch 19');
  });

  it('is stopped from its status, and by Escape twice', async () => {
    await chat.say(event('run_started', 0));
    await click(chat.find('.jp-CodeAct-status button'));
    expect(chat.connection.takeRequests()).toMatchObject([{ type: 'stop' }]);
    await chat.say(ended(1), event('run_started', 0, { run: 'r2' }));
    const press = (target: Element, key: string) =>
      act(async () => {
        const options = { key, bubbles: true, cancelable: true };
        target.dispatchEvent(new KeyboardEvent('keydown', options));
      });
    await press(chat.find('textarea'), 'Escape');
    expect(chat.notebooks.focus).toHaveBeenCalledWith(A);
    await press(document.body, 'a');
    await press(document.body, 'Escape');
    expect(chat.connection.takeRequests()).toEqual([]);
    await press(chat.find('textarea'), 'Escape');
    await press(document.body, 'Escape');
    expect(chat.connection.takeRequests()).toMatchObject([{ type: 'stop' }]);
  });

  it('shows the code of a cell that waits as it is by now', async () => {
    await chat.say(
      event('run_started', 0),
      event('action', 1, { source: 'old' }),
      event('cell_written', 1, {}),
      event('approval_requested', 1, { sha256: 'digest' })
    );
    chat.notebooks.source.mockReturnValue('edited');
    await chat.say(event('plan_changed', 1));
    await act(() => new Promise(resolve => setTimeout(resolve, 1100)));
    expect(chat.find('.jp-CodeAct-code').textContent).toContain('edited');
  });
});

describe('A step', () => {
  it('is a line once it is done: its cell by its number, its seconds, the code folded', async () => {
    await chat.say(
      event('run_started', 0),
      ...turnWith(1, 'secret()', { execution_count: 7 })
    );
    const card = chat.find('.jp-CodeAct-action');
    expect(card.textContent).toBe('Donecell [7]2.0 s');
    await click(chat.button('Show the code'));
    expect(card.textContent).toContain('secret()');
    await click(chat.button('Go to Cell'));
    expect(chat.notebooks.jumpToCell).toHaveBeenCalledWith(A, 'x');
  });

  it('folds an attempt that was corrected, with what came out of it', async () => {
    const error = { output_type: 'error', ename: 'KeyError', evalue: 'mas' };
    await chat.say(
      event('run_started', 0),
      ...turnWith(1, 'a', { status: 'error', outputs: [error] })
    );
    expect(chat.find('.jp-CodeAct-error').textContent).toBe('KeyError: mas');
    await chat.say(...turnWith(2, 'b'));
    expect(chat.find('.jp-CodeAct-error')).toBeNull();
    await click(chat.button('Show the code'));
    expect(chat.find('.jp-CodeAct-error')).not.toBeNull();
  });

  it('shows a table with its head and shape, and all of it on demand', async () => {
    const outputs = [display({ 'text/plain': 'x', 'text/html': TABLE })];
    await chat.say(event('run_started', 0), ...turnWith(1, 'x', { outputs }));
    const html = chat.find('.jp-CodeAct-html');
    expect(html.querySelectorAll('td')).toHaveLength(10);
    expect(html.dataset.head).toBe('true');
    expect(chat.find('.jp-CodeAct-shape').textContent).toBe(
      '344 rows × 1 columnsShow all'
    );
    await click(chat.button('Show all'));
    expect(html.dataset.head).toBeUndefined();
    expect(chat.button('Show less')).toBeDefined();
  });

  it('counts the pictures, and shows one of them big', async () => {
    const outputs = Array.from({ length: 4 }, () => display(PICTURE));
    await chat.say(event('run_started', 0), ...turnWith(1, 'x', { outputs }));
    expect(chat.find('.jp-CodeAct-figureCount').textContent).toBe('4 figures');
    expect(chat.all('.jp-CodeAct-outcome img')).toHaveLength(4);
    await click(chat.button('Figure 3 of 4'));
    expect(chat.all('.jp-CodeAct-outcome img')).toHaveLength(5);
  });

  it('fetches nothing that an output or a reply names', async () => {
    const outputs = [display({ 'text/html': `<img src="${EVIL}">` })];
    await chat.say(
      event('run_started', 0),
      ...turnWith(1, 'x', { outputs }),
      event('reply', 2, { prose: `See ![it](${EVIL}).` })
    );
    expect(chat.all('.jp-CodeAct-log img')).toEqual([]);
    expect(chat.all('.jp-CodeAct-held')).toHaveLength(2);
    await click(chat.button('Load'));
    expect(chat.find<HTMLImageElement>('.jp-CodeAct-log img').src).toBe(EVIL);
  });
});

describe('The answer', () => {
  const claims = [
    { text: '4201.75', cell_id: 'x' },
    { text: 'Adelie', cell_id: null }
  ];
  const answered = (prose: string) =>
    chat.say(
      event('run_started', 0),
      ...turnWith(1, 'x', {
        outputs: [display({ 'text/plain': '', 'text/html': TABLE })]
      }),
      event('reply', 2, { prose }),
      ended(2, { answer: prose, claims })
    );

  it('is linked to the cells that show it, and flagged where none does', async () => {
    await answered(
      'It is 4201.75, not 14201.75, for **Adelie**: **$x = 4201.75$**'
    );
    const [link, ...others] = chat.all('.jp-CodeAct-claim');
    expect(link.textContent).toBe('4201.75');
    expect(others).toEqual([]);
    await click(link);
    expect(chat.notebooks.jumpToCell).toHaveBeenCalledWith(A, 'x');
    expect(chat.find('.jp-CodeAct-unshown').textContent).toBe('Adelie');
    expect(chat.find('.jp-CodeAct-flag').textContent).toBe(
      'No output shows “Adelie”.'
    );
  });

  it('is copied, and put into the notebook as text', async () => {
    const copy = jest.spyOn(Clipboard, 'copyToSystem').mockImplementation();
    await answered('It is **so**.');
    await click(chat.button('Copy the answer'));
    expect(copy).toHaveBeenCalledWith('It is **so**.');
    expect(chat.button('Copied')).toBeDefined();
    await click(chat.button('Insert as text below the active cell'));
    expect(chat.notebooks.insertBelow).toHaveBeenCalledWith(
      A,
      'It is **so**.',
      'markdown'
    );
  });

  it('is followed by two next steps', async () => {
    await answered('Adelie');
    const steps = chat.all('.jp-CodeAct-nextStep');
    expect(steps.map(({ textContent }) => textContent)).toEqual([
      'Show it with code',
      'Plot this'
    ]);
    await click(steps[0]);
    expect(chat.connection.takeRequests()).toMatchObject([
      {
        type: 'ask',
        task: 'No output shows “Adelie”. Run code that prints the answer.'
      }
    ]);
  });

  it('leaves the focus in the panel when the run is undone', async () => {
    await answered('So.');
    const undo = chat.button('Undo this run')!;
    undo.focus();
    await click(undo);
    await chat.say(event('run_undone', 0));
    await act(() => new Promise(resolve => requestAnimationFrame(resolve)));
    expect(document.activeElement).toBe(chat.find('textarea'));
  });
});

describe('The end of the conversation', () => {
  let height = 1000;
  const log = () => chat.find('.jp-CodeAct-log');
  const grow = (by: number) =>
    act(async () => {
      height += by;
      FakeResizeObserver.resize();
    });
  const scroll = (top: number) =>
    act(async () => {
      log().scrollTop = top;
      log().dispatchEvent(new Event('scroll'));
    });

  beforeEach(async () => {
    height = 1000;
    Object.defineProperties(log(), {
      clientHeight: { get: () => 300 },
      scrollHeight: { get: () => height },
      scrollTop: { value: 0, writable: true }
    });
    await grow(0);
  });

  it('stays in view whatever scrolls, until the user does', async () => {
    expect(log().scrollTop).toBe(1000);
    await scroll(0); // the panel was hidden, or something above has become smaller
    expect(chat.button('↓ Latest')).toBeUndefined();
    await grow(500);
    expect(log().scrollTop).toBe(1500);
    log().dispatchEvent(new Event('wheel'));
    await scroll(200);
    await grow(500);
    expect(log().scrollTop).toBe(200);
    await click(chat.button('↓ Latest'));
    expect(log().scrollTop).toBe(2000);
    expect(chat.button('↓ Latest')).toBeUndefined();
    await grow(100);
    expect(log().scrollTop).toBe(2100);
  });

  it('is found again by scrolling to it, and with a new task', async () => {
    log().dispatchEvent(new KeyboardEvent('keydown', { key: 'PageUp' }));
    await scroll(100);
    await scroll(695);
    await grow(100);
    expect(log().scrollTop).toBe(1100);
    log().dispatchEvent(new Event('wheel'));
    await scroll(100);
    await act(async () => chat.model.composer.ask('Go on.', []));
    await grow(100);
    expect(log().scrollTop).toBe(1200);
  });
});
