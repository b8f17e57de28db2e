import { CodeCell } from '@jupyterlab/cells';
import { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';
import { nullTranslator } from '@jupyterlab/translation';

import { viewOf } from '../cells/cell-view';
import { ChatModel } from '../chat/model';
import { IRunData, MIME_TYPE } from '../magic/run-data';
import { RunOutputs } from '../magic/run-outputs';
import { makePanel } from '../notebook/__tests__/make-panel';
import { history, ended, event, waiting } from '../session/__tests__/events';
import { Event } from '../session/messages';
import { Sessions } from '../session/sessions';
import { FakeConnection } from './fake-connection';
import { FakeFiles } from './fake-files';
import { FakeNotebooks } from './fake-notebooks';
import { FakeWorkspace } from './fake-workspace';

const trans = nullTranslator.load('jupyter_codeact');
const HANDED: IRunData = {
  version: 1,
  id: 'handoff',
  task: 'Do it.',
  state: 'handed'
};

let connection: FakeConnection;
let chat: ChatModel;
let outputs: RunOutputs;
let panel: NotebookPanel;
let path: string;
let sessions: Sessions;

beforeEach(async () => {
  const code = { cell_type: 'code', metadata: {}, execution_count: null };
  const output = {
    output_type: 'display_data',
    metadata: {},
    data: { [MIME_TYPE]: { ...HANDED } }
  };
  panel = await makePanel([
    { ...code, id: 'magic', source: '%codeact Do it.', outputs: [output] },
    { ...code, id: 'x', source: '1 + 1', outputs: [] }
  ]);
  path = panel.context.localPath;
  connection = new FakeConnection();
  connection.connect();
  const notebooks = new FakeNotebooks();
  notebooks.source.mockReturnValue('1 + 1');
  sessions = new Sessions({ connection, notebooks, trans });
  const files = new FakeFiles();
  chat = new ChatModel({
    connection,
    files,
    notebooks,
    sessions,
    trans,
    workspace: new FakeWorkspace(notebooks)
  });
  const tracker = {
    forEach: (call: (panel: NotebookPanel) => void) => call(panel)
  } as unknown as INotebookTracker;
  outputs = new RunOutputs({ sessions, tracker, trans });
  notebooks.show(path);
});

afterEach(() => {
  outputs.dispose();
  chat.dispose();
  sessions.dispose();
  panel.context.dispose();
});

function receive(...events: Event[]): void {
  for (const one of events) {
    connection.receive({ type: 'event', notebook: path, event: one });
  }
}

/** What each of the three views makes of the session. */
function shown() {
  const [magic, x] = panel.content.widgets as CodeCell[];
  const cell = viewOf(x.model, sessions.get(path).state, false);
  const { messages } = chat.state.conversation;
  const action = messages.map(({ action }) => action?.state).filter(Boolean);
  const data = magic.model.outputs.get(0).data[MIME_TYPE] as unknown;
  const { answer, run, state } = data as IRunData;
  return {
    chat: [chat.isRunning, ...action],
    cell: [cell.isWorking, cell.waiting && !cell.waiting.isResolving],
    magic: [state, run, answer].filter(Boolean)
  };
}

function handOver(): void {
  sessions
    .actions(path, 'notebook')
    .ask(
      { task: 'Do it.', attachments: [], replaces: null },
      { handoff: 'handoff' }
    );
}

describe('Chat, cells and magic', () => {
  it('agree on every step of a run', () => {
    handOver();
    const [started, action, written, requested] = waiting('1 + 1');
    receive(started);
    expect(shown()).toEqual({
      chat: [true],
      cell: [false, null],
      magic: ['running', 'r']
    });
    receive(action, written, requested);
    expect(shown()).toEqual({
      chat: [true, 'asking'],
      cell: [true, true],
      magic: ['waiting', 'r']
    });
    chat.actions!.resolveApproval(true);
    expect(shown().cell).toEqual([true, false]);
    receive(event('approval_resolved', 1));
    expect(shown()).toEqual({
      chat: [true, 'running'],
      cell: [true, null],
      magic: ['running', 'r']
    });
    receive(event('executed', 1), event('observation', 1));
    receive(event('reply', 2, { prose: '2' }), ended(2, { answer: '2' }));
    expect(shown()).toEqual({
      chat: [false, 'done'],
      cell: [false, null],
      magic: ['ended', 'r', '2']
    });
    expect(viewOfX().hasChanges).toBe(true);
    receive(event('run_undone', 0));
    expect(viewOfX().hasChanges).toBe(false);
  });

  it('agree on a run that is found in the history', () => {
    handOver();
    const events = waiting('1 + 1');
    receive(events[0]);
    connection.receive(history(events, { notebook: path, running: true }));
    expect(shown()).toEqual({
      chat: [true, 'asking'],
      cell: [true, true],
      magic: ['waiting', 'r']
    });
    connection.receive(history([...events, ended(1)], { notebook: path }));
    expect(shown()).toEqual({
      chat: [false, 'stopped'],
      cell: [false, null],
      magic: ['ended', 'r']
    });
  });

  it('leave a refusal to the one that asked', () => {
    handOver();
    const [ask] = connection.takeRequests();
    connection.refuse(ask, 'Busy.', path);
    expect(shown().magic).toEqual(['refused']);
    expect(chat.state.notices).toEqual({ chat: null, notebook: null });
    expect(chat.composer.draft.text).toBe('');
  });
});

function viewOfX() {
  const [, x] = panel.content.widgets;
  return viewOf(x.model, sessions.get(path).state, false);
}
