import { INotebookTracker } from '@jupyterlab/notebook';
import { nullTranslator } from '@jupyterlab/translation';
import { CommandRegistry } from '@lumino/commands';

import { FakeConnection } from '../../__tests__/fake-connection';
import { FakeNotebooks } from '../../__tests__/fake-notebooks';
import { history } from '../../session/__tests__/events';
import { Reviews } from '../../session/reviews';
import { Sessions } from '../../session/sessions';
import { addCommands } from '../commands';

const trans = nullTranslator.load('jupyter_codeact');

let commands: CommandRegistry;
let connection: FakeConnection;

beforeEach(() => {
  commands = new CommandRegistry();
  connection = new FakeConnection();
  connection.connect();
  const notebooks = new FakeNotebooks();
  const sessions = new Sessions({ connection, notebooks, trans });
  addCommands({
    actions: () => null,
    commands,
    palette: null,
    prompt: () => undefined,
    review: new Reviews({ notebooks, sessions }),
    sessions,
    tracker: {
      currentWidget: { context: { localPath: 'a.ipynb' } }
    } as INotebookTracker,
    trans
  });
});

describe('The commands', () => {
  it('choose an approval, once it is known, and show which is chosen', async () => {
    const args = { approval: 'always' };
    expect(commands.isEnabled('codeact:set-approval', args)).toBe(false);
    connection.receive(history([], { approval: 'risky' }));
    expect(commands.isEnabled('codeact:set-approval', args)).toBe(true);
    expect(commands.isToggled('codeact:set-approval', args)).toBe(false);
    await commands.execute('codeact:set-approval', args);
    expect(connection.takeRequests()).toMatchObject([
      { type: 'set_approval', notebook: 'a.ipynb', approval: 'always' }
    ]);
  });

  it('still know the name and the arguments of the first release', async () => {
    connection.receive(history([], { approval: 'risky' }));
    const args = { mode: 'ask-if-risky' };
    expect(commands.isToggled('codeact:set-mode', args)).toBe(true);
    await commands.execute('codeact:set-mode', { mode: 'auto' });
    expect(connection.takeRequests()).toMatchObject([
      { type: 'set_approval', approval: 'never' }
    ]);
  });
});
