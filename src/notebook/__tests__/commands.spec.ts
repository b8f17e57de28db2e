import { ICodeCellModel } from '@jupyterlab/cells';
import { INotebookCellExecutor, NotebookPanel } from '@jupyterlab/notebook';
import { nullTranslator } from '@jupyterlab/translation';
import { PromiseDelegate } from '@lumino/coreutils';

import { FakeConnection } from '../../__tests__/fake-connection';
import { Done, FromServer } from '../../protocol';
import { NotebookCommands } from '../commands';
import { makePanel } from './make-panel';

const trans = nullTranslator.load('jupyter_codeact');
const NOTEBOOK = 'a.ipynb';
const WRITE: FromServer = {
  type: 'write_cell',
  id: 1,
  notebook: NOTEBOOK,
  source: 'x = 1',
  cell_type: 'code',
  cell_id: null,
  new_id: 'fresh',
  after: null,
  before: null,
  was: null,
  metadata: {}
};
const READ: FromServer = {
  type: 'read_state',
  id: 2,
  notebook: NOTEBOOK,
  brief: false
};

let commands: NotebookCommands;
let connection: FakeConnection;
let panel: NotebookPanel;
let finish: PromiseDelegate<void>;

beforeEach(async () => {
  panel = await makePanel([
    {
      id: 'a',
      cell_type: 'code',
      source: 'a',
      metadata: {},
      outputs: [],
      execution_count: null
    }
  ]);
  connection = new FakeConnection();
  connection.connect();
  finish = new PromiseDelegate<void>();
  const executor: INotebookCellExecutor = {
    runCell: async ({ cell }) => {
      await finish.promise;
      (cell.model as ICodeCellModel).executionCount = 1;
      return true;
    }
  };
  commands = new NotebookCommands({
    connection,
    executor,
    find: path => (path === NOTEBOOK ? panel : null),
    settings: { followCell: true },
    trans
  });
});

afterEach(() => {
  commands.dispose();
  panel.context.dispose();
});

/** The next answers of the page. */
async function answers(count: number) {
  while (connection.answers.length < count) {
    await new Promise(resolve => setTimeout(resolve));
  }
  return connection.answers.splice(0);
}

describe('Commands of the server', () => {
  it('are carried out one after the other, each with its answer', async () => {
    connection.receive(WRITE);
    connection.receive(READ);
    const [written, read] = (await answers(2)) as Done[];
    expect(written).toMatchObject({ type: 'done', id: 1, state: null });
    expect(read.id).toBe(2);
    expect(read.state!.cells.map(({ id }) => id)).toEqual([
      'a',
      written.cell_id
    ]);
  });

  it('that come twice are carried out once, and the answer is repeated', async () => {
    connection.receive(WRITE);
    const [written] = await answers(1);
    connection.receive(WRITE);
    expect(await answers(1)).toEqual([written]);
    expect(panel.content.widgets).toHaveLength(2);
  });

  it('wait until the cell before them is done', async () => {
    connection.receive({
      type: 'run_cell',
      id: 3,
      notebook: NOTEBOOK,
      cell_id: 'a',
      source: 'a'
    });
    connection.receive(READ);
    await new Promise(resolve => setTimeout(resolve, 20));
    expect(connection.answers).toEqual([]);
    finish.resolve();
    const [ran, read] = (await answers(2)) as Done[];
    expect(ran.execution!.status).toBe('ok');
    expect(ran.state!.cells[0]).toMatchObject({ id: 'a', outputs: [] });
    expect(read.state!.cells[0].execution_count).toBe(1);
  });

  it('delete cells', async () => {
    connection.receive(WRITE);
    connection.receive({
      type: 'delete_cell',
      id: 4,
      notebook: NOTEBOOK,
      cell_id: 'a'
    });
    expect(await answers(2)).toMatchObject([
      { type: 'done', id: 1 },
      { type: 'done', id: 4 }
    ]);
    expect(panel.content.widgets).toHaveLength(1);
  });

  it('go on after one that failed', async () => {
    connection.receive({
      type: 'run_cell',
      id: 5,
      notebook: NOTEBOOK,
      cell_id: 'gone',
      source: ''
    });
    connection.receive(READ);
    expect(await answers(2)).toMatchObject([
      { type: 'failed', id: 5, message: expect.stringContaining('deleted') },
      { type: 'done', id: 2 }
    ]);
  });

  it('fail with a sentence for a notebook that is not open', async () => {
    connection.receive({ ...WRITE, notebook: 'b.ipynb' });
    expect(await answers(1)).toMatchObject([
      { type: 'failed', message: expect.stringContaining('“b.ipynb”') }
    ]);
  });

  it('fail with a sentence when the notebook is closed in the middle', async () => {
    connection.receive({
      type: 'run_cell',
      id: 6,
      notebook: NOTEBOOK,
      cell_id: 'a',
      source: 'a'
    });
    connection.receive(READ);
    await new Promise(resolve => setTimeout(resolve, 20));
    panel.dispose();
    expect(await answers(2)).toMatchObject([
      { type: 'failed', id: 6, message: expect.stringContaining('not open') },
      { type: 'failed', id: 2, message: expect.stringContaining('not open') }
    ]);
  });
});
