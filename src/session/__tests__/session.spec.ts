import { nullTranslator } from '@jupyterlab/translation';

import { FakeConnection } from '../../__tests__/fake-connection';
import { FakeNotebooks } from '../../__tests__/fake-notebooks';
import { Checking } from '../../protocol';
import { SessionActions } from '../actions';
import { Event } from '../messages';
import { checkAt, waitingCell } from '../selectors';
import { Sessions } from '../sessions';
import { ISessionState } from '../state';
import { delta, event, history, waiting } from './events';

const PATH = 'a.ipynb';
const TASK = { task: 'Do it.', attachments: [], replaces: null };

let connection: FakeConnection;
let notebooks: FakeNotebooks;
let sessions: Sessions;
let chat: SessionActions;
let notebook: SessionActions;

beforeEach(() => {
  connection = new FakeConnection();
  connection.connect();
  notebooks = new FakeNotebooks();
  notebooks.source.mockReturnValue('2');
  sessions = new Sessions({
    connection,
    notebooks,
    trans: nullTranslator.load('jupyter_codeact')
  });
  chat = sessions.actions(PATH, 'chat');
  notebook = sessions.actions(PATH, 'notebook');
});

afterEach(() => {
  sessions.dispose();
});

function state(path = PATH): ISessionState {
  return sessions.get(path).state;
}

function notices(path = PATH) {
  const { chat, notebook } = state(path).notices;
  return { chat: chat?.text, notebook: notebook?.text };
}

function receive(...events: Event[]): void {
  for (const one of events) {
    connection.receive({ type: 'event', notebook: PATH, event: one });
  }
}

function checking(fields: Partial<Checking> = {}): Checking {
  return {
    type: 'checking',
    notebook: PATH,
    cells: [
      { cell_id: 'a', state: 'same', message: '' },
      { cell_id: 'b', state: 'running', message: '' }
    ],
    reproduces: null,
    message: '',
    ...fields
  };
}

describe('An approval', () => {
  beforeEach(() => {
    receive(...waiting('1'));
  });

  it('is bound to what the user was asked, and given once', () => {
    notebook.resolveApproval(true);
    chat.resolveApproval(true);
    expect(connection.takeRequests()).toEqual([
      {
        id: expect.any(String),
        type: 'resolve_approval',
        notebook: PATH,
        run: 'r',
        sha256: 'digest',
        approved: true,
        source: '2',
        rest: false,
        comment: ''
      }
    ]);
    expect(waitingCell(state())?.isResolving).toBe(true);
  });

  it('can be given again when it was refused, and the reason is shown where it was given', () => {
    notebook.resolveApproval(true);
    const [request] = connection.takeRequests();
    connection.refuse(request, 'The cell is another one by now.');
    expect(waitingCell(state())?.isResolving).toBe(false);
    expect(notices()).toEqual({ notebook: 'The cell is another one by now.' });
    notebook.dismissNotice();
    expect(state().notices.notebook).toBeNull();
  });

  it('can be given again when the connection was lost, which is said', () => {
    notebook.resolveApproval(true);
    connection.change('closed');
    expect(waitingCell(state())?.isResolving).toBe(false);
    notebook.resolveApproval(true);
    expect(waitingCell(state())?.isResolving).toBe(false);
    expect(notices().notebook).toContain('cannot be reached');
  });

  it('is nothing where no cell waits', () => {
    receive(event('approval_resolved', 1));
    notebook.resolveApproval(true);
    expect(connection.takeRequests()).toEqual([]);
  });

  it('is not given for a cell that is gone, which can only be skipped', () => {
    notebooks.source.mockReturnValue(null);
    chat.resolveApproval(true);
    expect(connection.takeRequests()).toEqual([]);
    expect(notices().chat).toContain('no longer');
    chat.resolveApproval(false);
    expect(connection.takeRequests()).toMatchObject([
      { approved: false, source: '1' }
    ]);
  });
});

describe('A refusal', () => {
  it('reaches exactly who sent the request, whatever the order', () => {
    chat.undo();
    notebook.check();
    const other = sessions.actions('b.ipynb', 'chat');
    other.undo();
    const [undo, check, elsewhere] = connection.takeRequests();
    connection.refuse(check, 'There is a check already.');
    expect(notices()).toEqual({ notebook: 'There is a check already.' });
    connection.refuse(elsewhere, 'Nothing to undo in b.', 'b.ipynb');
    expect(notices('b.ipynb')).toEqual({ chat: 'Nothing to undo in b.' });
    expect(notices().chat).toBeUndefined();
    connection.refuse(undo, 'Nothing to undo.');
    expect(notices().chat).toBe('Nothing to undo.');
  });

  it('of something else leaves what is under way alone', () => {
    chat.ask(TASK);
    receive(...waiting('1'));
    chat.resolveApproval(true);
    chat.stop();
    notebook.setApproval('never');
    const setApproval = connection.takeRequests().pop()!;
    connection.refuse(setApproval, 'No.');
    expect(state().stopping).toBe(true);
    expect(waitingCell(state())?.isResolving).toBe(true);
  });

  it('of a task gives it back to the chat, if that is where it was asked', () => {
    const returned = jest.fn();
    sessions.taskReturned.connect((_, task) => returned(task));
    notebook.ask(TASK);
    connection.refuse(connection.takeRequests()[0], 'No model.');
    expect(state().pending).toBeNull();
    expect(returned).not.toHaveBeenCalled();
    chat.ask(TASK);
    connection.refuse(connection.takeRequests()[0], 'No model.');
    expect(returned).toHaveBeenCalledWith({ path: PATH, task: TASK });
  });

  it('of a stop lets the user stop again', () => {
    receive(event('run_started', 0));
    chat.stop();
    connection.refuse(connection.takeRequests()[0], 'No.');
    expect(state().stopping).toBe(false);
  });

  it('that answers no request is a notice for its notebook, or for all', () => {
    sessions.get('b.ipynb');
    const refused = { type: 'refused', id: null } as const;
    connection.receive({ ...refused, notebook: PATH, message: 'A warning.' });
    expect(notices()).toEqual({ chat: 'A warning.' });
    expect(notices('b.ipynb')).toEqual({});
    connection.receive({ ...refused, notebook: '', message: 'Reload.' });
    expect(notices().chat).toBe('Reload.');
    expect(notices('b.ipynb').chat).toBe('Reload.');
  });

  it('of a handoff is said in the cell that handed it over, and of that handoff alone', () => {
    notebook.ask({ ...TASK, task: 'One.' }, { handoff: 'one' });
    notebook.ask({ ...TASK, task: 'Two.' }, { handoff: 'two' });
    connection.refuse(connection.takeRequests()[1], 'Busy.');
    expect(state().handoffs).toMatchObject([
      { id: 'one', run: null, refusal: null },
      { id: 'two', run: null, refusal: 'Busy.' }
    ]);
    expect(notices()).toEqual({});
    receive(event('run_started', 0, { task: 'One.' }));
    expect(state().handoffs[0].run).toBe('r');
  });
});

describe('A lost connection', () => {
  beforeEach(() => {
    receive(event('run_started', 0), event('run_ended', 1));
    notebook.ask(TASK, { handoff: 'one' });
    chat.ask(TASK);
    connection.change('closed');
    connection.change('open');
  });

  it('gives back what did not arrive, even if the same was asked before', () => {
    const returned = jest.fn();
    sessions.taskReturned.connect((_, { task }) => returned(task));
    const events = [event('run_started', 0), event('run_ended', 1)];
    connection.receive(history(events));
    expect(returned).toHaveBeenCalledWith(TASK);
    expect(state().pending).toBeNull();
    expect(notices().chat).toContain('lost before your task arrived');
    expect(state().handoffs[0].refusal).toContain('lost before');
  });

  it('finds what did arrive in the history', () => {
    const run = event('run_started', 0, { run: 's' });
    connection.receive(history([run], { running: true }));
    expect(state().pending).toBeNull();
    expect(state().handoffs).toMatchObject([{ run: 's', refusal: null }]);
    expect(notices()).toEqual({});
  });

  it('is no matter for a history that comes later, as when a kernel restarts', () => {
    connection.receive(history([]));
    chat.ask(TASK);
    connection.receive(history([]));
    expect(state().pending).toEqual(TASK);
  });
});

describe('The session of a notebook', () => {
  it('follows the approval', () => {
    connection.receive(history([], { approval: 'always' }));
    expect(state().approval).toBe('always');
    notebook.setApproval('never');
    expect(connection.takeRequests()).toMatchObject([
      { type: 'set_approval', notebook: PATH, approval: 'never' }
    ]);
    expect(state().approval).toBe('always');
    connection.receive({
      type: 'approval_changed',
      notebook: PATH,
      approval: 'never',
      for_run: true
    });
    expect(state()).toMatchObject({
      approval: 'never',
      isApprovalForRun: true
    });
  });

  it('says in the notebook what an undone run has left alone', () => {
    notebook.undo();
    expect(connection.takeRequests()).toMatchObject([
      { type: 'undo', notebook: PATH, run: null }
    ]);
    receive(event('run_undone', 1));
    expect(notices().notebook).toBe(
      'The notebook is as it was before the run.'
    );
    receive(event('run_undone', 1, { left: ['b', 'c'] }));
    expect(state().notices.notebook).toMatchObject({
      text: expect.stringContaining('2 cells that were changed since'),
      cells: ['b', 'c']
    });
  });

  it('keeps the results of a check until they are cleared, or the cell is edited', () => {
    notebook.check();
    connection.receive(checking());
    notebook.stopCheck();
    expect(connection.takeRequests().map(({ type }) => type)).toEqual([
      'check',
      'stop_check'
    ]);
    connection.receive(checking({ reproduces: true, message: 'Yes.' }));
    notebook.forgetCheckOf('b');
    notebook.forgetCheckOf('gone');
    const cells = () => checkAt(state(), 'notebook')?.cells;
    expect(cells()).toMatchObject([{ cell_id: 'a' }]);
    connection.receive(history([]));
    expect(checkAt(state(), 'notebook')?.message).toBe('Yes.');
    notebook.clearCheck();
    expect(checkAt(state(), 'notebook')).toBeNull();
    expect(checkAt(state(), 'chat')?.cells).toHaveLength(2);
    connection.receive(checking());
    expect(cells()).toHaveLength(2);
  });

  it('forgets a check under way with the connection, but not one that is over', () => {
    connection.receive(checking());
    connection.change('closed');
    expect(state().check).toBeNull();
    connection.receive(checking({ reproduces: false }));
    connection.change('closed');
    expect(state().check).not.toBeNull();
  });

  it('goes along to the new name of its notebook, and is forgotten with a closed one', () => {
    connection.receive(history([], { approval: 'always' }));
    const changed = jest.fn();
    sessions.changed.connect((_, { path }) => changed(path));
    notebooks.rename(PATH, 'b.ipynb');
    expect(state('b.ipynb').approval).toBe('always');
    expect(state().approval).toBeNull();
    expect(changed).toHaveBeenCalledWith('b.ipynb');
    sessions.actions('b.ipynb', 'chat').check();
    expect(connection.takeRequests()).toMatchObject([{ notebook: 'b.ipynb' }]);
    notebooks.closed.emit('b.ipynb');
    expect(state('b.ipynb').approval).toBeNull();
  });

  it('tells of a reply being written only now and then', async () => {
    receive(event('run_started', 1));
    const changed = jest.fn();
    const streamed = jest.fn();
    sessions.changed.connect(changed);
    sessions.streamed.connect(streamed);
    for (let i = 0; i < 200; i++) {
      receive(delta(1, { prose: 'word ' }));
    }
    expect(state().conversation.messages[1].body).toHaveLength(1000);
    expect(streamed).not.toHaveBeenCalled();
    await new Promise<void>(resolve =>
      sessions.streamed.connect(() => resolve())
    );
    expect(streamed).toHaveBeenCalledTimes(1);
    expect(changed).not.toHaveBeenCalled();
  });

  it('tells nothing of events that change nothing', () => {
    receive(event('run_started', 1));
    const changed = jest.fn();
    sessions.changed.connect(changed);
    receive(event('hooks_applied', 1));
    expect(changed).not.toHaveBeenCalled();
  });
});

describe('Taking a run back', () => {
  const undone = event('run_undone', 0, { left: [] });
  let isDone: boolean;

  beforeEach(() => {
    receive(event('run_started', 0, { asked_in: 'cell' }));
    isDone = false;
    void notebook.takeBack('r').then(() => (isDone = true));
  });

  it('is done when the run is undone, and knows which cell asked for it', async () => {
    expect(state().conversation.runs[0].askedIn).toBe('cell');
    expect(connection.takeRequests()).toMatchObject([
      { type: 'undo', run: 'r' }
    ]);
    await Promise.resolve();
    expect(isDone).toBe(false);
    receive(undone);
    await Promise.resolve();
    expect(isDone).toBe(true);
  });

  it.each([
    [
      'it is refused',
      () => connection.refuse(connection.takeRequests()[0], 'Not now.')
    ],
    ['the connection is lost', () => connection.change('closed')]
  ])('is over when %s', async (_, happens) => {
    happens();
    await Promise.resolve();
    expect(isDone).toBe(true);
    expect(notices().notebook).toBeUndefined();
  });
});
