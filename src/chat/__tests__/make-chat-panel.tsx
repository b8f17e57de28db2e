import {
  RenderMimeRegistry,
  standardRendererFactories
} from '@jupyterlab/rendermime';
import { nullTranslator } from '@jupyterlab/translation';
import { Widget } from '@lumino/widgets';
import { act } from 'react';

import { FakeConnection } from '../../__tests__/fake-connection';
import { FakeFiles } from '../../__tests__/fake-files';
import { FakeNotebooks } from '../../__tests__/fake-notebooks';
import { FakeWorkspace } from '../../__tests__/fake-workspace';
import { history } from '../../session/__tests__/events';
import { Event } from '../../session/messages';
import { Sessions } from '../../session/sessions';
import { ChatModel } from '../model';
import { ChatPanel } from '../panel';

export const A = 'work/a.ipynb';

/** Lays elements out, as a browser would tell: jsdom has no layout. */
export class FakeResizeObserver {
  static all = new Set<FakeResizeObserver>();

  constructor(private _notify: () => void) {
    FakeResizeObserver.all.add(this);
  }

  observe(): void {}

  unobserve(): void {}

  disconnect(): void {
    FakeResizeObserver.all.delete(this);
  }

  static resize(): void {
    this.all.forEach(observer => observer._notify());
  }
}

/** The chat panel about the notebook `A`, with a server that is played by the test. */
export async function makeChatPanel() {
  Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: true });
  window.ResizeObserver =
    FakeResizeObserver as unknown as typeof window.ResizeObserver;
  const trans = nullTranslator.load('jupyter_codeact');
  const connection = new FakeConnection();
  connection.connect();
  const notebooks = new FakeNotebooks();
  const files = new FakeFiles({});
  const sessions = new Sessions({ connection, notebooks, trans });
  const model = new ChatModel({
    connection,
    files,
    notebooks,
    sessions,
    trans,
    workspace: new FakeWorkspace(notebooks)
  });
  const panel = new ChatPanel({
    model,
    rendermime: new RenderMimeRegistry({
      initialFactories: standardRendererFactories,
      // As little Markdown as the tests need; HTML comes through, as with JupyterLab's parser.
      markdownParser: {
        render: async source =>
          source
            .replace(/!\[(.*?)\]\((.*?)\)/g, '<img src="$2" alt="$1">')
            .replace(/```\w*\n([^]*?)\n```/g, '<pre><code>$1</code></pre>')
            .replace(/\*\*(.+?)\*\*/g, '<strong>$1</strong>')
      }
    }),
    settings: null,
    trans
  });
  const { node } = panel;
  await act(async () => {
    notebooks.show(A);
    connection.receive(history([], { notebook: A }));
    Widget.attach(panel, document.body);
    await panel.renderPromise;
  });
  connection.takeRequests();
  const say = (...events: Event[]) =>
    act(async () => {
      for (const event of events) {
        connection.receive({ type: 'event', notebook: A, event });
      }
    });
  return {
    connection,
    model,
    node,
    notebooks,
    say,
    /** Say pieces of a reply, and wait until they are drawn. */
    stream: async (...pieces: Event[]) => {
      const drawn = new Promise<void>(resolve =>
        sessions.streamed.connect(() => resolve())
      );
      await say(...pieces);
      await act(() => drawn);
    },
    find: <T extends HTMLElement>(selector: string) =>
      node.querySelector<T>(selector)!,
    all: (selector: string) => [
      ...node.querySelectorAll<HTMLElement>(selector)
    ],
    button: (name: string) =>
      [...node.querySelectorAll('button')].find(
        ({ textContent, title }) => textContent === name || title === name
      ),
    dispose: () => {
      act(() => panel.dispose());
      model.dispose();
      sessions.dispose();
    }
  };
}
