import { nullTranslator } from '@jupyterlab/translation';

import { FakeConnection } from '../../__tests__/fake-connection';
import { Event } from '../../session/messages';
import { Sessions } from '../../session/sessions';
import { ChatModel } from '../model';
import {
  delta,
  ended,
  event,
  history,
  turnWith
} from '../../session/__tests__/events';
import { FakeFiles } from '../../__tests__/fake-files';
import { FakeNotebooks } from '../../__tests__/fake-notebooks';
import { FakeWorkspace } from '../../__tests__/fake-workspace';

const trans = nullTranslator.load('jupyter_codeact');
const A = 'a.ipynb';

let connection: FakeConnection;
let model: ChatModel;
let notebooks: FakeNotebooks;
let sessions: Sessions;

beforeEach(() => {
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
  notebooks.show(A);
  connection.receive(history([]));
});

afterEach(() => {
  model.dispose();
  sessions.dispose();
});

function say(...events: Event[]): void {
  for (const each of events) {
    connection.receive({ type: 'event', notebook: A, event: each });
  }
}

function ask(text: string): void {
  model.composer.setText(text);
  model.composer.send();
}

describe('Asking', () => {
  it('sends the task, and shows it until the run has begun', () => {
    ask('  Do it. ');
    expect(connection.takeRequests()).toMatchObject([
      { type: 'ask', notebook: A, task: 'Do it.' }
    ]);
    expect(model.composer.draft.text).toBe('');
    expect(model.state.pending).toMatchObject({ task: 'Do it.' });
    expect(model.isRunning).toBe(true);
    say(event('run_started', 0));
    expect(model.state.pending).toBeNull();
    expect(model.state.conversation.messages).toHaveLength(1);
  });

  it('gives the task back when the server refuses it, with the reason', () => {
    ask('Do it.');
    connection.refuse(connection.takeRequests()[0], 'No model.');
    expect(model.composer.draft.text).toBe('Do it.');
    expect(model.state.pending).toBeNull();
    expect(model.state.notices.chat).toMatchObject({
      tone: 'alert',
      text: 'No model.'
    });
    expect(model.isRunning).toBe(false);
    model.composer.send();
    expect(model.state.notices.chat).toBeNull();
  });

  it('sends nothing that is empty', () => {
    ask('  \n');
    expect(connection.takeRequests()).toEqual([]);
  });

  it.each<[string, () => void, string]>([
    [
      'the kernel is none of ours',
      () => notebooks.show(A, 'It runs R.'),
      'It runs R.'
    ],
    ['the page connects', () => connection.change('connecting'), 'Connecting'],
    [
      'the server is away',
      () => {
        connection.failures = 2;
        connection.change('closed');
      },
      'cannot be reached'
    ],
    [
      'the server runs without CodeAct',
      () => {
        connection.isAbsent = true;
        connection.change('closed');
      },
      'jupyter server extension enable jupyter_codeact'
    ]
  ])('is not possible while %s, which it says', (_, make, reason) => {
    make();
    expect(model.blocked).toContain(reason);
    ask('Do it.');
    expect(connection.takeRequests()).toEqual([]);
  });
});

describe('A lost connection', () => {
  beforeEach(() => {
    ask('Do it.');
    connection.change('closed');
    connection.change('open');
  });

  it('gives back a task that did not arrive', () => {
    connection.receive(history([]));
    expect(model.composer.draft.text).toBe('Do it.');
    expect(model.state.pending).toBeNull();
    expect(model.state.notices.chat!.text).toContain('lost');
  });

  it('does not give back a task that did', () => {
    connection.receive(history([event('run_started', 0)], { running: true }));
    expect(model.composer.draft.text).toBe('');
    expect(model.state.pending).toBeNull();
    expect(model.state.notices.chat).toBeNull();
    expect(model.isRunning).toBe(true);
  });
});

describe('A run', () => {
  it('is stopped once, and says so until it is', () => {
    model.stop();
    expect(connection.takeRequests()).toEqual([]);
    say(event('run_started', 0));
    model.stop();
    expect(connection.takeRequests()).toMatchObject([
      { type: 'stop', notebook: A }
    ]);
    expect(model.state.stopping).toBe(true);
    say(ended(1, { ending: 'stopped' }));
    expect(model.state.stopping).toBe(false);
  });

  it('is drawn at most every 80 ms while a reply is written', async () => {
    say(event('run_started', 0));
    const changed = jest.fn();
    model.changed.connect(changed);
    for (let i = 0; i < 200; i++) {
      say(delta(1, { prose: 'word ' }));
    }
    expect(changed).not.toHaveBeenCalled();
    await new Promise(resolve => setTimeout(resolve, 120));
    expect(changed).toHaveBeenCalledTimes(1);
    expect(model.state.conversation.messages[1].body).toHaveLength(1000);
  });

  it('in another notebook does not disturb the one in front', () => {
    notebooks.show('b.ipynb');
    const changed = jest.fn();
    model.changed.connect(changed);
    say(event('run_started', 0), ...turnWith(1, 'x'));
    expect(changed).not.toHaveBeenCalled();
    expect(model.isRunning).toBe(false);
    notebooks.show(A);
    expect(model.isRunning).toBe(true);
  });
});

describe('A conversation', () => {
  it.each(['instructions', 'conversations'] as const)(
    'shows no %s of the notebook that was in front',
    sheet => {
      model.open(sheet);
      notebooks.show('b.ipynb');
      expect(model.sheet).toBeNull();
    }
  );

  it('goes along when its notebook is renamed', () => {
    say(event('run_started', 0));
    model.composer.setText('and then');
    notebooks.rename(A, 'b.ipynb');
    expect(model.composer.draft.text).toBe('and then');
    expect(model.isRunning).toBe(true);
  });

  it('is forgotten when its notebook is closed', () => {
    say(event('run_started', 0));
    notebooks.closed.emit(A);
    expect(model.state.conversation.messages).toEqual([]);
  });

  it('can be begun anew, but not in the middle of a run', () => {
    say(event('run_started', 0));
    model.newConversation();
    expect(connection.takeRequests()).toEqual([]);
    say(ended(1));
    model.newConversation();
    expect(connection.takeRequests()).toMatchObject([
      { type: 'new_conversation', notebook: A }
    ]);
  });

  it('says when the cell to go to is gone', async () => {
    notebooks.jumpToCell.mockResolvedValueOnce(false);
    await model.jumpToCell('x');
    expect(notebooks.jumpToCell).toHaveBeenCalledWith(A, 'x');
    expect(model.state.notices.chat!.text).toContain('no longer');
  });
});

describe('Slash commands', () => {
  it('are suggested while typed', () => {
    model.composer.setText('/');
    const all = model.composer.suggestions.map(({ label }) => label);
    expect(all).toContain('/new');
    expect(all).toContain('/help');
    model.composer.setText('/n');
    expect(model.composer.suggestions.map(({ label }) => label)).toEqual([
      '/new'
    ]);
    model.composer.setText('new');
    expect(model.composer.suggestions).toEqual([]);
  });

  it.each([
    ['/undo', { type: 'undo', run: null }],
    ['/check', { type: 'check' }],
    ['/history', { type: 'list_conversations' }],
    ['/model', { type: 'list_models' }]
  ])('do what they say: %s', (command, message) => {
    ask(command);
    expect(connection.takeRequests()).toMatchObject([message]);
    expect(model.composer.draft.text).toBe('');
  });

  it('start a new conversation with /new', () => {
    ask('/new');
    expect(connection.takeRequests()).toMatchObject([
      { type: 'new_conversation' }
    ]);
    expect(model.composer.draft.text).toBe('');
  });

  it('are all told by /help', () => {
    ask('/help');
    expect(model.state.notices.chat).toMatchObject({
      tone: 'note',
      text: expect.stringMatching(/\/new .*\n.*\/help /s)
    });
  });

  it('that do not exist are no task', () => {
    ask('/foo');
    expect(connection.takeRequests()).toEqual([]);
    expect(model.state.notices.chat).toMatchObject({
      tone: 'alert',
      text: expect.stringContaining('/foo')
    });
  });

  it('are not mistaken for a file', () => {
    ask('/data/x.csv has which columns?');
    expect(connection.takeRequests()).toMatchObject([{ type: 'ask' }]);
  });
});

describe('The models', () => {
  it('say why a request about them was refused, until the next one', () => {
    model.models.choose('gone');
    model.composer.setText('Do it.');
    model.composer.send();
    const [choose, ask] = connection.takeRequests();
    connection.refuse(ask, 'Busy.');
    expect(model.models.problem).toBeNull();
    connection.refuse(choose, 'There is no such model.', '');
    expect(model.models.problem).toBe('There is no such model.');
    expect(model.state.notices.chat?.text).toBe('Busy.');
    model.models.refresh();
    expect(model.models.problem).toBeNull();
  });
});

describe("The model's state", () => {
  it('is what the server said last', () => {
    const status = {
      type: 'model_status',
      model: 'm',
      state: 'downloading',
      progress: 0.5,
      message: '',
      where: '',
      needs_key: false
    } as const;
    connection.receive(status);
    expect(model.models.status).toBe(status);
  });

  it('that a question has failed at leads to that question again', () => {
    const failed = {
      type: 'model_status',
      model: 'm',
      state: 'failed',
      progress: null,
      message: 'It does not answer.',
      where: '',
      needs_key: false
    } as const;
    connection.receive(failed);
    model.tryAgain();
    expect(connection.takeRequests()).toMatchObject([
      { type: 'control_model', action: 'start' }
    ]);
    say(
      event('run_started', 0, { task: 'Count.' }),
      ended(1, { ending: 'failed', message: failed.message })
    );
    model.tryAgain();
    expect(connection.takeRequests()).toMatchObject([
      { type: 'ask', task: 'Count.', replaces: 'r' }
    ]);
  });
});

describe('A shown panel', () => {
  it('connects, looks at the files and variables, and loads the model unless told not to', async () => {
    connection.change('closed');
    model.shown(false);
    await new Promise(resolve => setTimeout(resolve, 0));
    expect(connection.takeRequests()).toMatchObject([
      { type: 'list_variables', notebook: A },
      { type: 'list_instructions', notebook: A }
    ]);
    expect(model.surroundings.files).toMatchObject([{ name: 'data.csv' }]);
    const stopped = {
      type: 'model_status',
      model: 'm',
      state: 'stopped',
      progress: null,
      message: '',
      where: '',
      needs_key: false
    } as const;
    connection.receive(stopped);
    expect(connection.takeRequests()).toEqual([]);
    model.shown(true);
    expect(connection.takeRequests()).toMatchObject([
      { type: 'list_variables' },
      { type: 'list_instructions' },
      { type: 'control_model', action: 'start' }
    ]);
  });
});
