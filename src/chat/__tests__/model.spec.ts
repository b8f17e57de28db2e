import { nullTranslator } from '@jupyterlab/translation';

import { FakeConnection } from '../../__tests__/fake-connection';
import { Event } from '../conversation';
import { ChatModel } from '../model';
import { ended, event, history, turnWith } from './events';
import { FakeFiles } from './fake-files';
import { FakeNotebooks } from './fake-notebooks';

const trans = nullTranslator.load('jupyter_codeact');
const A = 'a.ipynb';

let connection: FakeConnection;
let model: ChatModel;
let notebooks: FakeNotebooks;

beforeEach(() => {
  connection = new FakeConnection();
  connection.connect();
  notebooks = new FakeNotebooks();
  const files = new FakeFiles({ '': ['data.csv'] });
  model = new ChatModel({ connection, files, notebooks, trans });
  notebooks.show(A);
  connection.say(history([]));
});

afterEach(() => {
  model.dispose();
});

function say(...events: Event[]): void {
  for (const each of events) {
    connection.say({ type: 'happened', notebook: A, event: each });
  }
}

function ask(text: string): void {
  model.composer.setDraft(text);
  model.composer.send();
}

describe('Asking', () => {
  it('sends the task, and shows it until the run has begun', () => {
    ask('  Do it. ');
    expect(connection.heard()).toMatchObject([
      { type: 'ask', notebook: A, task: 'Do it.' }
    ]);
    expect(model.view).toMatchObject({
      draft: '',
      pending: { task: 'Do it.' }
    });
    expect(model.isRunning).toBe(true);
    say(event('run_started', 0));
    expect(model.view.pending).toBeNull();
    expect(model.view.conversation.messages).toHaveLength(1);
  });

  it('gives the words back when the server refuses, with its reason', () => {
    ask('Do it.');
    connection.say({ type: 'refused', notebook: A, message: 'No model.' });
    expect(model.view).toMatchObject({
      draft: 'Do it.',
      pending: null,
      notice: { tone: 'alert', text: 'No model.' }
    });
    expect(model.isRunning).toBe(false);
    model.composer.send();
    expect(model.view.notice).toBeNull();
  });

  it('sends nothing that is empty', () => {
    ask('  \n');
    expect(connection.heard()).toEqual([]);
  });

  it.each<[string, () => void, string]>([
    ['no notebook is in front', () => notebooks.show(null), 'Open a notebook'],
    [
      'the kernel is none of ours',
      () => notebooks.show(A, 'It runs R.'),
      'It runs R.'
    ],
    ['a run is under way', () => say(event('run_started', 0)), 'at work'],
    ['the page connects', () => connection.change('connecting'), 'Connecting'],
    [
      'the server is away',
      () => {
        connection.failures = 2;
        connection.change('closed');
      },
      'cannot be reached'
    ]
  ])('is not possible while %s, which it says', (_, make, reason) => {
    make();
    expect(model.blocked).toContain(reason);
    ask('Do it.');
    expect(connection.heard()).toEqual([]);
  });
});

describe('A lost connection', () => {
  beforeEach(() => {
    ask('Do it.');
    connection.change('closed');
    connection.change('open');
  });

  it('gives back a task that did not arrive', () => {
    connection.say(history([]));
    expect(model.view).toMatchObject({ draft: 'Do it.', pending: null });
    expect(model.view.notice!.text).toContain('lost');
  });

  it('does not give back a task that did', () => {
    connection.say(history([event('run_started', 0)], { running: true }));
    expect(model.view).toMatchObject({
      draft: '',
      pending: null,
      notice: null
    });
    expect(model.isRunning).toBe(true);
  });
});

describe('A run', () => {
  it('is stopped once, and says so until it is', () => {
    model.stop();
    expect(connection.heard()).toEqual([]);
    say(event('run_started', 0));
    model.stop();
    expect(connection.heard()).toEqual([{ type: 'stop', notebook: A }]);
    expect(model.view.stopping).toBe(true);
    say(ended(1, { ending: 'stopped' }));
    expect(model.view.stopping).toBe(false);
  });

  it('is drawn at most every 80 ms while a reply is written', async () => {
    say(event('run_started', 0));
    const changed = jest.fn();
    model.changed.connect(changed);
    for (let i = 0; i < 200; i++) {
      say(event('reply_delta', 1, { text: 'word ' }));
    }
    expect(changed).not.toHaveBeenCalled();
    await new Promise(resolve => setTimeout(resolve, 120));
    expect(changed).toHaveBeenCalledTimes(1);
    expect(model.view.conversation.messages[1].body).toHaveLength(1000);
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
  it('goes along when its notebook is renamed', () => {
    say(event('run_started', 0));
    model.composer.setDraft('and then');
    notebooks.rename(A, 'b.ipynb');
    expect(model.view.draft).toBe('and then');
    expect(model.isRunning).toBe(true);
  });

  it('is forgotten when its notebook is closed', () => {
    say(event('run_started', 0));
    notebooks.closed.emit(A);
    expect(model.view.conversation.messages).toEqual([]);
  });

  it('can be begun anew, but not in the middle of a run', () => {
    say(event('run_started', 0));
    model.newConversation();
    expect(connection.heard()).toEqual([]);
    say(ended(1));
    model.newConversation();
    expect(connection.heard()).toEqual([
      { type: 'new_conversation', notebook: A }
    ]);
  });

  it('says when the cell to go to is gone', async () => {
    notebooks.jumpToCell.mockResolvedValueOnce(false);
    await model.jumpToCell('x');
    expect(notebooks.jumpToCell).toHaveBeenCalledWith(A, 'x');
    expect(model.view.notice!.text).toContain('no longer');
  });
});

describe('Slash commands', () => {
  it('are suggested while typed', () => {
    model.composer.setDraft('/');
    const all = model.composer.suggestions.map(({ label }) => label);
    expect(all).toContain('/new');
    expect(all).toContain('/help');
    model.composer.setDraft('/n');
    expect(model.composer.suggestions.map(({ label }) => label)).toEqual([
      '/new'
    ]);
    model.composer.setDraft('new');
    expect(model.composer.suggestions).toEqual([]);
  });

  it.each([
    ['/undo', { type: 'undo', run: null }],
    ['/check', { type: 'check' }],
    ['/history', { type: 'list_conversations' }],
    ['/model', { type: 'list_models' }]
  ])('do what they say: %s', (command, message) => {
    ask(command);
    expect(connection.heard()).toMatchObject([message]);
    expect(model.view.draft).toBe('');
  });

  it('start a new conversation with /new', () => {
    ask('/new');
    expect(connection.heard()).toMatchObject([{ type: 'new_conversation' }]);
    expect(model.view.draft).toBe('');
  });

  it('are all told by /help', () => {
    ask('/help');
    expect(model.view.notice).toMatchObject({
      tone: 'note',
      text: expect.stringMatching(/\/new .*\n.*\/help /s)
    });
  });

  it('that do not exist are no task', () => {
    ask('/foo');
    expect(connection.heard()).toEqual([]);
    expect(model.view.notice).toMatchObject({
      tone: 'alert',
      text: expect.stringContaining('/foo')
    });
  });

  it('are not mistaken for a file', () => {
    ask('/data/x.csv has which columns?');
    expect(connection.heard()).toMatchObject([{ type: 'ask' }]);
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
      where: ''
    } as const;
    connection.say(status);
    expect(model.models.status).toBe(status);
  });
});
