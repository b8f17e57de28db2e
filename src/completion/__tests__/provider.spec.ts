import {
  IInlineCompletionContext,
  InlineCompletionTriggerKind
} from '@jupyterlab/completer';
import { nullTranslator } from '@jupyterlab/translation';
import { Signal } from '@lumino/signaling';

import { CodeCompletions, ICompletionRequest } from '../provider';

const trans = nullTranslator.load('jupyter_codeact');

/** An editor, as far as a provider looks at it. */
class FakeEditor {
  offset = 0;
  model = {
    selections: { changed: new Signal<object, void>({}) },
    sharedModel: { changed: new Signal<object, object>({}) }
  };
  getCursorPosition = () => this.offset;
  getOffsetAt = (offset: number) => offset;

  moveTo(offset: number): void {
    this.offset = offset;
    this.model.selections.changed.emit();
  }
}

/** A server that answers when the test wants it to. */
class FakeServer {
  requests: ICompletionRequest[] = [];
  signals: AbortSignal[] = [];
  answers: ((text: string, reason?: string) => void)[] = [];

  send = (request: ICompletionRequest, signal: AbortSignal) => {
    this.requests.push(request);
    this.signals.push(signal);
    return new Promise<{ text: string; reason: string }>((resolve, reject) => {
      this.answers.push((text, reason = '') => resolve({ text, reason }));
      signal.addEventListener('abort', () => reject(new Error('aborted')));
    });
  };
}

describe('CodeCompletions', () => {
  let editor: FakeEditor;
  let server: FakeServer;
  let provider: CodeCompletions;

  beforeEach(() => {
    editor = new FakeEditor();
    server = new FakeServer();
    provider = new CodeCompletions({
      send: server.send,
      surroundings: () => ({
        cells: ['import os'],
        kernel: 'k',
        executions: 3
      }),
      trans
    });
  });

  /** Ask as JupyterLab does, at `|` in a text. */
  const fetch = (
    marked: string,
    triggerKind = InlineCompletionTriggerKind.Automatic,
    mimeType = 'text/x-ipython'
  ) => {
    const text = marked.replace('|', '');
    const offset = [...marked.slice(0, marked.indexOf('|'))].length;
    editor.offset = marked.indexOf('|');
    const context = { editor, triggerKind, widget: {} } as unknown;
    return provider.fetch(
      { text, offset, mimeType },
      context as IInlineCompletionContext
    );
  };

  it('asks with the text around the cursor and what surrounds the cell', async () => {
    const completed = fetch("name = '🐧'; print(|)");
    server.answers[0]('name');
    expect((await completed).items).toEqual([{ insertText: 'name' }]);
    expect(server.requests).toEqual([
      {
        before: "name = '🐧'; print(",
        after: ')',
        cells: ['import os'],
        kernel: 'k',
        executions: 3,
        elsewhere: false
      }
    ]);
  });

  it('is off until it is chosen, and asks only this machine', () => {
    expect(provider.schema.default).toMatchObject({
      enabled: false,
      elsewhere: false
    });
  });

  it('lets the server know that another machine may be asked', () => {
    provider.configure({ enabled: true, elsewhere: true });
    void fetch('x = |');
    expect(server.requests[0].elsewhere).toBe(true);
    provider.configure(undefined);
    void fetch('x = 1|');
    expect(server.requests[1].elsewhere).toBe(false);
  });

  it.each([
    [
      'the text changes',
      () => editor.model.sharedModel.changed.emit({ sourceChange: [] })
    ],
    ['the cursor moves', () => editor.moveTo(0)]
  ])('gives up what it asked for when %s', async (_, change) => {
    const completed = fetch('x = |');
    change();
    expect(server.signals[0].aborted).toBe(true);
    expect((await completed).items).toEqual([]);
  });

  it('gives up what it asked for when it is asked again', async () => {
    const first = fetch('x = |');
    const second = fetch('x = y|');
    server.answers[1]('z');
    expect(server.signals.map(signal => signal.aborted)).toEqual([true, false]);
    expect((await first).items).toEqual([]);
    expect((await second).items).toEqual([{ insertText: 'z' }]);
  });

  it('goes on waiting while outputs change', async () => {
    const completed = fetch('x = |');
    editor.model.sharedModel.changed.emit({ outputsChange: [] });
    editor.moveTo(editor.offset);
    server.answers[0]('1');
    expect((await completed).items).toEqual([{ insertText: '1' }]);
  });

  it('does not ask again while the user types what it has proposed', async () => {
    const completed = fetch('x = |');
    server.answers[0]('total + 1');
    await completed;
    expect((await fetch('x = tot|')).items).toEqual([{ insertText: 'al + 1' }]);
    expect(server.requests).toHaveLength(1);
    void fetch('x = tax|');
    expect(server.requests).toHaveLength(2);
  });

  it.each([
    ['a text cell', '# Title|', 'text/x-ipythongfm'],
    ['an empty cell', '|', 'text/x-ipython'],
    ['a task', '%%codeact\nPlot the pri|', 'text/x-ipython'],
    ['a task in a line', 'x = 1\ny = %codeact Plot the pri|', 'text/x-ipython']
  ])('does not complete %s', async (_, text, mimeType) => {
    const { items } = await fetch(text, undefined, mimeType);
    expect(items).toEqual([]);
    expect(server.requests).toHaveLength(0);
  });

  it('says why there is nothing only to those who ask for it', async () => {
    const typing = fetch('x = |');
    server.answers[0]('', 'The model is not loaded.');
    expect((await typing).items).toEqual([]);
    const invoked = fetch('x = |', InlineCompletionTriggerKind.Invoke);
    server.answers[1]('', 'The model is not loaded.');
    expect((await invoked).items).toEqual([
      { insertText: '', error: { message: 'The model is not loaded.' } }
    ]);
  });
});
