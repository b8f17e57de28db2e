import { Notification } from '@jupyterlab/apputils';
import { nullTranslator } from '@jupyterlab/translation';
import { Signal } from '@lumino/signaling';

import { FakeNotebooks } from '../../__tests__/fake-notebooks';
import { ISessions } from '../../session/sessions';
import { Activities } from '../activity';
import { Notices } from '../notices';

const IDLE = { conversation: { running: false, messages: [] }, pending: null };
const AT_WORK = {
  conversation: { running: true, messages: [] },
  pending: null
};
const ASKING = {
  conversation: {
    running: true,
    messages: [
      { run: 'r', question: { state: 'waiting', text: 'Which?', options: [] } }
    ]
  },
  pending: null
};
const ended = (ending: string) => ({
  conversation: {
    running: false,
    messages: [
      { run: 'r', sender: 'agent', body: 'The **mean** is 7.\nMore.' },
      { run: 'r', sender: 'notice', body: '', ending: { ending, message: 'x' } }
    ]
  },
  pending: null
});

describe('Notices', () => {
  let notebooks: FakeNotebooks;
  let states: Map<string, unknown>;
  let changed: Signal<object, object>;
  let shown: string[];
  let settings: { notifications: boolean };

  const texts = () =>
    Notification.manager.notifications.map(({ message }) => message);

  const become = (path: string, state: unknown) => {
    states.set(path, state);
    changed.emit({ path, state });
  };

  beforeEach(() => {
    Notification.manager.dismiss();
    notebooks = new FakeNotebooks();
    notebooks.show('front.ipynb');
    states = new Map();
    shown = [];
    settings = { notifications: true };
    const sessions = { get: (path: string) => ({ state: states.get(path) }) };
    changed = new Signal<object, object>(sessions);
    Object.assign(sessions, { changed });
    const activities = new Activities({
      notebooks,
      sessions: sessions as unknown as ISessions
    });
    new Notices({
      activities,
      notebooks,
      sessions: sessions as unknown as ISessions,
      settings,
      show: path => shown.push(path),
      trans: nullTranslator.load('')
    });
  });

  it('tells how a run in another notebook ended, and shows it', () => {
    become('other.ipynb', AT_WORK);
    expect(texts()).toEqual([]);
    become('other.ipynb', ended('answered'));
    expect(texts()).toEqual(['other.ipynb: The mean is 7.']);
    Notification.manager.notifications[0].options.actions![0].callback(
      {} as MouseEvent
    );
    expect(shown).toEqual(['other.ipynb']);
  });

  it('tells that a run waits until it waits no more, or the user comes', () => {
    become('other.ipynb', ASKING);
    expect(texts()).toEqual(['other.ipynb: CodeAct has a question for you.']);
    become('other.ipynb', AT_WORK);
    expect(texts()).toEqual([]);
    become('other.ipynb', ASKING);
    notebooks.show('other.ipynb');
    expect(texts()).toEqual([]);
  });

  it('keeps quiet of the notebook in front, of a stop, and if it is set so', () => {
    become('front.ipynb', ASKING);
    become('front.ipynb', ended('answered'));
    become('other.ipynb', AT_WORK);
    become('other.ipynb', ended('stopped'));
    settings.notifications = false;
    become('third.ipynb', ASKING);
    become('third.ipynb', IDLE);
    expect(texts()).toEqual([]);
  });
});
