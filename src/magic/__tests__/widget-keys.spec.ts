import { ISettings } from '../../tokens';
import { sendWithEnter } from '../widget-keys';

describe('The task in the widget', () => {
  let end: () => void;
  let happened: string[];
  let task: HTMLTextAreaElement;
  const settings = { sendWithEnter: true };

  beforeEach(() => {
    document.body.innerHTML = `
      <div class="jp-CodeAct-widget">
        <div class="jp-CodeAct-widgetTask"><textarea></textarea></div>
        <button class="jp-CodeAct-widgetAsk"></button>
      </div>
      <textarea id="other"></textarea>`;
    happened = [];
    task = document.querySelector('textarea')!;
    task.addEventListener('change', () => happened.push(task.value));
    const ask = document.querySelector('button')!;
    ask.addEventListener('click', () => happened.push('asked'));
    settings.sendWithEnter = true;
    end = sendWithEnter(settings as ISettings);
  });

  afterEach(() => end());

  /** Press a key; returns whether the text area does with it what it does by itself. */
  const press = (
    options: KeyboardEventInit = {},
    target: HTMLElement = task
  ): boolean =>
    target.dispatchEvent(
      new KeyboardEvent('keydown', {
        key: 'Enter',
        bubbles: true,
        cancelable: true,
        ...options
      })
    );

  it('goes to the kernel with Enter, before the click', () => {
    task.value = 'Count.';
    expect(press()).toBe(false);
    expect(happened).toEqual(['Count.', 'asked']);
  });

  it.each([
    ['Shift+Enter', { shiftKey: true }],
    ['Enter in an input method', { isComposing: true }],
    ['another key', { key: 'a' }]
  ])('is left to the text area with %s', (_, options) => {
    expect(press(options)).toBe(true);
    expect(happened).toEqual([]);
  });

  it('goes with Shift+Enter where the settings say so', () => {
    settings.sendWithEnter = false;
    expect(press()).toBe(true);
    expect(press({ shiftKey: true })).toBe(false);
    expect(happened).toEqual(['', 'asked']);
  });

  it('is the only one that Enter sends', () => {
    expect(press({}, document.getElementById('other')!)).toBe(true);
    expect(happened).toEqual([]);
  });
});
