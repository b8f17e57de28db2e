import { Notification } from '@jupyterlab/apputils';
import { nullTranslator } from '@jupyterlab/translation';

import { FakeConnection } from '../../__tests__/fake-connection';
import { FakeNotebooks } from '../../__tests__/fake-notebooks';
import { ended, event, history, waiting } from '../../session/__tests__/events';
import { Event } from '../../session/messages';
import { Sessions } from '../../session/sessions';
import { Notifier } from '../notify';

const trans = nullTranslator.load('jupyter_codeact');
const A = 'work/a.ipynb';

let connection: FakeConnection;
let notebooks: FakeNotebooks;
let sessions: Sessions;
let settings: { notifications: boolean };
const show = jest.fn();

beforeEach(() => {
  connection = new FakeConnection();
  connection.connect();
  notebooks = new FakeNotebooks();
  sessions = new Sessions({ connection, notebooks, trans });
  settings = { notifications: true };
  new Notifier({ notebooks, sessions, settings, show, trans });
  notebooks.show('b.ipynb');
});

afterEach(() => {
  Notification.manager.dismiss();
  sessions.dispose();
});

function say(...events: Event[]): void {
  for (const each of events) {
    connection.receive({ type: 'event', notebook: A, event: each });
  }
}

const shown = () =>
  Notification.manager.notifications.map(({ message }) => message);

describe('A run in another notebook', () => {
  it('is told when it waits and when it ends, and leads there', () => {
    say(...waiting('x = 1'));
    expect(shown()).toEqual(['CodeAct waits for you in a.ipynb.']);
    const [{ options }] = Notification.manager.notifications;
    options.actions![0].callback({} as MouseEvent);
    expect(show).toHaveBeenCalledWith(A);
    say(event('approval_resolved', 1), event('executed', 1));
    expect(shown()).toEqual([]);
    say(ended(2));
    expect(shown()).toEqual(['CodeAct is done in a.ipynb.']);
    notebooks.show(A);
    expect(shown()).toEqual([]);
  });

  it('is told when it gives no answer, but not when the user stopped it', () => {
    say(event('run_started', 0), ended(1, { ending: 'failed' }));
    expect(shown()).toEqual([
      'CodeAct has stopped in a.ipynb without an answer.'
    ]);
    say(event('run_started', 0, { run: 's' }));
    say(ended(1, { run: 's', ending: 'stopped' }));
    expect(shown()).toEqual([]);
  });

  it('is old news when the page is loaded', () => {
    connection.receive(
      history([event('run_started', 0), ended(1)], { notebook: A })
    );
    expect(shown()).toEqual([]);
  });

  it('is not told in the notebook in front, or to those who do not want it', () => {
    notebooks.show(A);
    say(...waiting('x = 1'), ended(1));
    notebooks.show('b.ipynb');
    settings.notifications = false;
    say(event('run_started', 0, { run: 's' }), ended(1, { run: 's' }));
    expect(shown()).toEqual([]);
  });
});
