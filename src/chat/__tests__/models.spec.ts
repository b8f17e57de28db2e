import { nullTranslator } from '@jupyterlab/translation';

import { FakeConnection } from '../../__tests__/fake-connection';
import { ModelStatus } from '../../protocol';
import { Models } from '../models';

const trans = nullTranslator.load('jupyter_codeact');
const ENDPOINT = { name: '', url: 'http://x/v1', model: '', api_key: null };

let connection: FakeConnection;
let models: Models;

beforeEach(() => {
  connection = new FakeConnection();
  connection.connect();
  models = new Models(connection, trans);
});

afterEach(() => models.dispose());

function status(state: ModelStatus['state']): void {
  connection.receive({
    type: 'model_status',
    model: 'm',
    state,
    progress: null,
    message: '',
    where: '',
    needs_key: false
  });
}

describe('A model', () => {
  it('is loaded before the first question, be its state known already or not', () => {
    models.warm();
    expect(connection.takeRequests()).toEqual([]);
    status('stopped');
    expect(connection.takeRequests()).toMatchObject([
      { type: 'control_model', action: 'start' }
    ]);
    status('loading');
    status('ready');
    status('stopped');
    expect(connection.takeRequests()).toEqual([]);
    models.warm();
    expect(connection.takeRequests()).toMatchObject([{ action: 'start' }]);
  });

  it.each(['absent', 'ready', 'busy', 'failed', 'loading'] as const)(
    'is left alone while it is %s',
    state => {
      models.warm();
      status(state);
      models.warm();
      expect(connection.takeRequests()).toEqual([]);
    }
  );

  it('that the settings name is chosen once the server can be asked', () => {
    connection.change('closed');
    models.chooseFirst('work');
    connection.change('open');
    connection.change('closed');
    connection.change('open');
    expect(connection.takeRequests()).toMatchObject([
      { type: 'choose_model', choice: 'work' }
    ]);
  });
});

describe('A test of an endpoint', () => {
  it('tells its models', async () => {
    const tested = models.test(ENDPOINT);
    const [{ id }] = connection.takeRequests();
    connection.receive({ type: 'endpoint_tested', id, models: ['a', 'b'] });
    expect(await tested).toEqual(['a', 'b']);
  });

  it('tells what is wrong', async () => {
    const tested = models.test(ENDPOINT);
    connection.refuse(connection.takeRequests()[0], 'It wants a key.');
    await expect(tested).rejects.toThrow('It wants a key.');
    connection.state = 'closed';
    await expect(models.test(ENDPOINT)).rejects.toThrow('cannot be reached');
  });
});
