import {
  RenderMimeRegistry,
  standardRendererFactories
} from '@jupyterlab/rendermime';
import { nullTranslator } from '@jupyterlab/translation';
import { Signal } from '@lumino/signaling';
import { Widget } from '@lumino/widgets';
import { act } from 'react';

import { FakeConnection } from '../../__tests__/fake-connection';
import { FakeFiles } from '../../__tests__/fake-files';
import { FakeNotebooks } from '../../__tests__/fake-notebooks';
import { FakeResizeObserver } from '../../__tests__/fake-resize-observer';
import { FakeWorkspace } from '../../__tests__/fake-workspace';
import { history } from '../../session/__tests__/events';
import { Event } from '../../session/messages';
import { Sessions } from '../../session/sessions';
import { ISettings } from '../../tokens';
import { IFoundConversation, Library } from '../library';
import { ChatModel } from '../model';
import { ChatPanel } from '../panel';

const trans = nullTranslator.load('jupyter_codeact');

/** The notebook in front. */
export const A = 'work/a.ipynb';

/** As little Markdown as the tests need; HTML comes through, as it does with JupyterLab's parser. */
const markdownParser = {
  render: async (text: string) =>
    text
      .replace(/!\[(.*?)\]\((.*?)\)/g, '<img src="$2" alt="$1">')
      .replace(/```\w*\n([^]*?)\n```/g, '<pre><code>$1</code></pre>')
      .replace(
        /`([^`\n]+)`/g,
        (_, code) => `<code>${code.replace(/</g, '&lt;')}</code>`
      )
      .replace(/\*\*(.+?)\*\*/g, '<strong>$1</strong>')
};

/** The chat panel on a page whose other end is the test. */
export class ShownPanel {
  async open(): Promise<void> {
    Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: true });
    window.ResizeObserver =
      FakeResizeObserver as unknown as typeof window.ResizeObserver;
    const { connection, notebooks } = this;
    connection.connect();
    await act(async () => {
      notebooks.show(A);
      connection.receive(history([], { notebook: A }));
      Widget.attach(this.panel, document.body);
      await this.panel.renderPromise;
    });
    connection.takeRequests(); // what it looks up at first
  }

  close(): void {
    act(() => this.panel.dispose());
    this.model.dispose();
    this.sessions.dispose();
  }

  async say(...events: Event[]): Promise<void> {
    await act(async () => {
      for (const each of events) {
        this.connection.receive({ type: 'event', notebook: A, event: each });
      }
    });
  }

  /** Say pieces of a reply, and wait until they are drawn. */
  async stream(...pieces: Event[]): Promise<void> {
    const drawn = new Promise<void>(resolve =>
      this.sessions.streamed.connect(() => resolve())
    );
    await this.say(...pieces);
    await act(() => drawn);
  }

  find<T extends HTMLElement>(selector: string): T {
    return this.panel.node.querySelector<T>(selector)!;
  }

  all(selector: string): HTMLElement[] {
    return [...this.panel.node.querySelectorAll<HTMLElement>(selector)];
  }

  button(name: string): HTMLButtonElement | undefined {
    return [...this.panel.node.querySelectorAll('button')].find(
      ({ textContent, title }) => textContent === name || title === name
    );
  }

  async type(text: string, key: KeyboardEventInit): Promise<void> {
    const textarea = this.find<HTMLTextAreaElement>('textarea');
    await act(async () => {
      this.model.composer.setText(text);
    });
    await act(async () => {
      textarea.dispatchEvent(
        new KeyboardEvent('keydown', { bubbles: true, key: 'Enter', ...key })
      );
    });
  }

  readonly connection = new FakeConnection();
  readonly notebooks = new FakeNotebooks();
  readonly sessions = new Sessions({
    connection: this.connection,
    notebooks: this.notebooks,
    trans
  });
  readonly model = new ChatModel({
    connection: this.connection,
    files: new FakeFiles({ '': ['data.csv'] }),
    notebooks: this.notebooks,
    sessions: this.sessions,
    trans,
    workspace: new FakeWorkspace(this.notebooks)
  });
  readonly library = {
    search: jest.fn(async (): Promise<IFoundConversation[]> => []),
    open: jest.fn(async () => undefined),
    export: jest.fn(async () => undefined)
  };
  readonly panel = new ChatPanel({
    library: this.library as unknown as Library,
    model: this.model,
    rendermime: new RenderMimeRegistry({
      initialFactories: standardRendererFactories,
      markdownParser
    }),
    settings: {
      sendWithEnter: true,
      instructions: '',
      changed: new Signal({})
    } as unknown as ISettings,
    hasSettings: () => true,
    showSettings: jest.fn(),
    trans
  });
}
