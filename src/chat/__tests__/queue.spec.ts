import { nullTranslator } from '@jupyterlab/translation';

import { FakeConnection } from '../../__tests__/fake-connection';
import { FakeFiles } from '../../__tests__/fake-files';
import { FakeNotebooks } from '../../__tests__/fake-notebooks';
import { FakeWorkspace } from '../../__tests__/fake-workspace';
import { ended, event, history, waiting } from '../../session/__tests__/events';
import { Event } from '../../session/messages';
import { Sessions } from '../../session/sessions';
import { DraftStorage } from '../drafts';
import { ChatModel } from '../model';

const trans = nullTranslator.load('jupyter_codeact');
const A = 'a.ipynb';

let connection: FakeConnection;
let kept: Map<string, string>;
let model: ChatModel;
let notebooks: FakeNotebooks;
let sessions: Sessions;
let workspace: FakeWorkspace;

function load(): void {
  connection = new FakeConnection();
  connection.connect();
  notebooks = new FakeNotebooks();
  workspace = new FakeWorkspace(notebooks);
  sessions = new Sessions({ connection, notebooks, trans });
  const storage: DraftStorage = {
    getItem: key => kept.get(key) ?? null,
    setItem: (key, value) => void kept.set(key, value),
    removeItem: key => void kept.delete(key)
  };
  const files = new FakeFiles({ '': ['orders.csv'] });
  const options = { connection, files, notebooks, sessions, storage };
  model = new ChatModel({ ...options, trans, workspace });
}

function unload(): void {
  model.dispose();
  sessions.dispose();
}

beforeEach(() => {
  kept = new Map();
  load();
  notebooks.show(A);
  connection.receive(history([]));
});

afterEach(unload);

function say(...events: Event[]): void {
  for (const each of events) {
    connection.receive({ type: 'event', notebook: A, event: each });
  }
}

function ask(text: string): void {
  model.composer.setText(text);
  model.composer.send();
}

const settled = () => new Promise(resolve => setTimeout(resolve, 0));
const queued = () => model.composer.draft.queue.map(({ task }) => task);
const asked = () =>
  connection
    .takeRequests()
    .flatMap(request => (request.type === 'ask' ? [request.task] : []));

it('lets the run of another agent end when a task waits, and says who works', () => {
  const agent = 'Codex';
  say(event('run_started', 0, { task: 'Codex works.', agent }));
  expect(model.hint).toBe('Codex is at work…');
  ask('Count.');
  const types = connection.takeRequests().map(({ type }) => type);
  expect(types).toContain('make_way');
  expect(types).not.toContain('ask');
  say(ended(0));
  expect(asked()).toEqual(['Count.']);
});

describe('The queue', () => {
  beforeEach(() => {
    ask('First.');
    say(event('run_started', 0, { task: 'First.' }));
    ask('Second.');
    ask('Third.');
  });

  it('takes what is sent during a run, and begins it in order after each answer', () => {
    expect(model.composer.draft.text).toBe('');
    expect(asked()).toEqual(['First.']);
    expect(queued()).toEqual(['Second.', 'Third.']);
    say(ended(1));
    expect(asked()).toEqual(['Second.']);
    expect(queued()).toEqual(['Third.']);
    say(event('run_started', 0, { run: 's' }), ended(1, { run: 's' }));
    expect(asked()).toEqual(['Third.']);
    expect(queued()).toEqual([]);
  });

  it('waits for the user after a run that was stopped or failed', () => {
    connection.takeRequests();
    say(ended(1, { ending: 'stopped' }));
    expect(asked()).toEqual([]);
    expect(model.composer.isQueueHeld).toBe(true);
    model.composer.goOn();
    expect(asked()).toEqual(['Second.']);
    expect(model.composer.isQueueHeld).toBe(false);
  });

  it('gives a task back, into the box if that is free', () => {
    const [second, third] = model.composer.draft.queue;
    model.composer.takeBack(second);
    expect(model.composer.draft.text).toBe('Second.');
    model.composer.takeBack(third);
    expect(model.composer.draft.text).toBe('Second.');
    expect(queued()).toEqual([]);
  });

  it('takes a task at an approval, too', () => {
    say(...waiting('x = 1').slice(1));
    ask('Fourth.');
    expect(queued()).toEqual(['Second.', 'Third.', 'Fourth.']);
  });

  it('goes on in a notebook that is no longer in front', () => {
    connection.takeRequests();
    notebooks.show('b.ipynb');
    say(ended(1));
    expect(connection.takeRequests()).toMatchObject([
      { type: 'ask', notebook: A, task: 'Second.' }
    ]);
  });

  it('keeps a task that could not be sent', () => {
    connection.state = 'closed';
    say(ended(1));
    expect(queued()).toEqual(['Second.', 'Third.']);
  });

  it('outlives a reload, with the draft', () => {
    model.composer.setText('Fourth, per');
    model.composer.attachCells([]);
    unload();
    load();
    notebooks.show(A);
    expect(queued()).toEqual(['Second.', 'Third.']);
    expect(model.composer.draft.text).toBe('Fourth, per');
    const running = [event('run_started', 0, { task: 'First.' })];
    connection.receive(history(running, { running: true }));
    say(ended(1));
    expect(asked()).toEqual(['Second.']);
  });
});

describe('What is kept of a draft', () => {
  it('is forgotten once it was sent', () => {
    model.composer.setText('Do it.');
    expect(kept.size).toBe(1);
    model.composer.send();
    expect(kept.size).toBe(0);
  });

  it('goes along with a new name', () => {
    model.composer.setText('Do it.');
    notebooks.rename(A, 'b.ipynb');
    expect([...kept.keys()]).toEqual(['jupyter-codeact:draft:b.ipynb']);
  });

  it('is nothing if it cannot be read', () => {
    kept.set('jupyter-codeact:draft:c.ipynb', '{');
    notebooks.show('c.ipynb');
    expect(model.composer.draft.text).toBe('');
  });
});

describe('ArrowUp', () => {
  it('goes back through the tasks of the conversation, and ArrowDown forth', () => {
    say(event('run_started', 0, { task: 'One.' }), ended(1));
    const again = { run: 's', task: 'Two.' };
    say(event('run_started', 0, again), ended(1, { run: 's' }));
    const { composer } = model;
    expect(composer.recall(1)).toBe(false);
    const seen = [-1, -1, -1, 1, 1].map(by => {
      const isThere = composer.recall(by as 1 | -1);
      return isThere ? composer.draft.text : null;
    });
    expect(seen).toEqual(['Two.', 'One.', null, 'Two.', '']);
    composer.setText('My own');
    expect(composer.recall(-1)).toBe(false);
  });
});

describe('Without a notebook', () => {
  beforeEach(() => notebooks.show(null));

  it('a task makes one, and is asked there once the server knows it', async () => {
    model.composer.setText('Plot orders.csv.');
    await model.composer.attachPaths(['orders.csv']);
    expect(model.blocked).toBeNull();
    model.composer.send();
    await settled();
    expect(asked()).toEqual([]);
    expect(model.path).toBe('Untitled.ipynb');
    connection.receive(history([], { notebook: 'Untitled.ipynb' }));
    expect(connection.takeRequests()).toMatchObject([
      {
        type: 'ask',
        notebook: 'Untitled.ipynb',
        task: 'Plot orders.csv.',
        attachments: [{ kind: 'file', path: 'orders.csv' }]
      }
    ]);
    notebooks.show(null);
    expect(model.composer.draft.text).toBe('');
  });

  it('a task stays in the box if there will be no notebook', async () => {
    workspace.newNotebook.mockResolvedValueOnce(null);
    ask('Plot it.');
    await settled();
    expect(model.composer.draft.text).toBe('Plot it.');
  });

  it('a suggestion is there to be sent, once its file is attached', async () => {
    const attached = model.composer.draftTask('Load it.', ['orders.csv']);
    expect(model.composer.draft.text).toBe('Load it.');
    expect(model.blocked).toBe('Attaching…');
    await attached;
    expect(model.blocked).toBeNull();
    expect(model.path).toBeNull();
    await model.composer.beginNotebook();
    expect(model.path).toBe('Untitled.ipynb');
    expect(model.composer.draft).toMatchObject({
      text: 'Load it.',
      attachments: [{ path: 'orders.csv' }]
    });
  });

  it('only one is made, however often it is asked for meanwhile', async () => {
    ask('Plot it.');
    expect(model.blocked).toBe('A new notebook is being made…');
    model.composer.send();
    await settled();
    expect(workspace.newNotebook).toHaveBeenCalledTimes(1);
  });
});

describe('Files of the machine', () => {
  it('keep a task back until they are uploaded beside the notebook', async () => {
    model.composer.setText('Load it.');
    const done = model.composer.attachFiles([new File(['a'], 'orders.csv')]);
    expect(model.blocked).toBe('Uploading orders.csv…');
    expect(model.composer.uploads).toMatchObject([{ share: 0.5 }]);
    model.composer.send();
    expect(asked()).toEqual([]);
    await done;
    expect(model.blocked).toBeNull();
    model.composer.send();
    expect(asked()).toEqual(['Load it.']);
  });

  it('are not attached if the user decides against it', async () => {
    await model.composer.attachFiles([new File(['a'], 'unwanted.csv')]);
    expect(model.composer.draft.attachments).toEqual([]);
    expect(model.state.notices.chat).toBeNull();
  });

  it('are only shown if they are pictures from the clipboard', async () => {
    const picture = new File(['a'], 'image.png', { type: 'image/png' });
    await model.composer.attachFiles([picture], true);
    expect(model.composer.draft.attachments).toMatchObject([
      { kind: 'image', path: null }
    ]);
  });
});
