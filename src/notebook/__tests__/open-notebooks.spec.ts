import { JupyterFrontEnd } from '@jupyterlab/application';
import { NotebookPanel, NotebookTracker } from '@jupyterlab/notebook';
import { NBTestUtils } from '@jupyterlab/notebook/lib/testutils';
import { nullTranslator } from '@jupyterlab/translation';
import { UUID } from '@lumino/coreutils';
import { Signal } from '@lumino/signaling';

import { ISettings } from '../../tokens';
import { FakeConnection } from '../../__tests__/fake-connection';
import { OpenNotebooks } from '../open-notebooks';
import { makePanel } from './make-panel';

const trans = nullTranslator.load('jupyter_codeact');

let connection: FakeConnection;
let notebooks: OpenNotebooks;
let panel: NotebookPanel;
let path: string;
let shell: { activateById: jest.Mock };
let tracker: NotebookTracker;

beforeEach(async () => {
  panel = await makePanel(
    ['a', 'b'].map(id => ({
      id,
      cell_type: 'code',
      source: id,
      metadata: {},
      outputs: [],
      execution_count: null
    }))
  );
  path = panel.context.localPath;
  connection = new FakeConnection();
  tracker = new NotebookTracker({ namespace: UUID.uuid4() });
  shell = { activateById: jest.fn() };
  notebooks = new OpenNotebooks({
    connection,
    shell: shell as unknown as JupyterFrontEnd.IShell,
    tracker,
    trans
  });
});

afterEach(() => {
  notebooks.dispose();
  tracker.dispose();
  panel.context.dispose();
});

async function show(shown = panel): Promise<void> {
  await tracker.add(shown);
}

describe('The notebooks of the page', () => {
  it('open the connection with the first of them', async () => {
    expect(connection.state).toBe('closed');
    await show();
    expect(connection.state).toBe('open');
    expect(connection.takeRequests()).toContainEqual({
      id: expect.any(String),
      approval: null,
      type: 'open',
      notebook: path,
      kernel_id: panel.sessionContext.session!.kernel!.id
    });
  });

  it('are opened with the default approval, and again when that changes', async () => {
    const settings = {
      approval: 'always' as const,
      changed: new Signal<object, void>({}),
      ready: Promise.resolve()
    };
    const others = new OpenNotebooks({
      connection,
      settings: settings as unknown as ISettings,
      shell: shell as unknown as JupyterFrontEnd.IShell,
      tracker,
      trans
    });
    await show();
    const approvals = () =>
      connection
        .takeRequests()
        .flatMap(each => (each.type === 'open' ? [each.approval] : []));
    expect(approvals()).toContain('always');
    settings.changed.emit();
    expect(approvals()).toEqual([]);
    Object.assign(settings, { approval: '' });
    settings.changed.emit();
    expect(approvals()).toEqual(['']);
    others.dispose();
  });

  it('are opened again on each new connection', async () => {
    await show();
    connection.takeRequests();
    connection.change('closed');
    connection.change('open');
    expect(connection.takeRequests()).toMatchObject([
      { type: 'open', notebook: path }
    ]);
  });

  it('are opened again when the kernel restarts', async () => {
    await show();
    connection.takeRequests();
    await panel.sessionContext.restartKernel();
    expect(connection.takeRequests()).toMatchObject([
      { type: 'open', notebook: path }
    ]);
  });

  it('go by their new name once renamed, and are still found by the old', async () => {
    await show();
    connection.takeRequests();
    const renamed = jest.fn();
    notebooks.renamed.connect((_, change) => renamed(change));
    await panel.context.rename('other.txt');
    expect(connection.takeRequests()).toMatchObject([
      { type: 'open', notebook: 'other.txt' },
      { type: 'close', notebook: path }
    ]);
    expect(renamed).toHaveBeenCalledWith({ from: path, to: 'other.txt' });
    expect(notebooks.current?.path).toBe('other.txt');
    expect(notebooks.resolve(path)).toBe('other.txt');
    expect(notebooks.find(path)).toBe(panel);
  });

  it('are closed with their last view', async () => {
    await show();
    const second = NBTestUtils.createNotebookPanel(
      panel.context as Parameters<typeof NBTestUtils.createNotebookPanel>[0]
    );
    await show(second);
    connection.takeRequests();
    second.dispose();
    expect(connection.takeRequests()).toEqual([]);
    panel.dispose();
    expect(connection.takeRequests()).toMatchObject([
      { type: 'close', notebook: path }
    ]);
    expect(notebooks.current).toBeNull();
  });

  it('tell what keeps CodeAct from working in the one in front', async () => {
    await show();
    expect(notebooks.current).toEqual({ path, obstacle: null });
    const changed = jest.fn();
    notebooks.changed.connect(changed);
    await panel.sessionContext.shutdown();
    expect(notebooks.current!.obstacle).toContain('no kernel');
    expect(changed).toHaveBeenCalled();
  });

  it('bring a cell in front of the user', async () => {
    await show();
    expect(await notebooks.jumpToCell(path, 'b')).toBe(true);
    expect(shell.activateById).toHaveBeenCalledWith(panel.id);
    expect(panel.content.activeCell!.model.id).toBe('b');
    expect(panel.content.mode).toBe('command');
    expect(await notebooks.jumpToCell(path, 'gone')).toBe(false);
  });

  it('say what their cells are and hold', async () => {
    expect(notebooks.cells(path)).toEqual([]);
    expect(notebooks.source(path, 'a')).toBeNull();
    await show();
    expect(notebooks.cells(path)).toEqual([
      { id: 'a', type: 'code', source: 'a', count: null },
      { id: 'b', type: 'code', source: 'b', count: null }
    ]);
    expect(notebooks.source(path, 'b')).toBe('b');
    expect(notebooks.source(path, 'gone')).toBeNull();
  });

  it('take code in, below the active cell or in place of it', async () => {
    expect(notebooks.insertBelow(path, 'new')).toBe(false);
    expect(notebooks.replace(path, 'a', 'other')).toBe(false);
    await show();
    const sources = () => notebooks.cells(path).map(({ source }) => source);
    panel.content.activeCellIndex = 0;
    expect(notebooks.insertBelow(path, 'new')).toBe(true);
    expect(sources()).toEqual(['a', 'new', 'b']);
    expect(notebooks.replace(path, null, 'newer')).toBe(true);
    expect(notebooks.replace(path, 'b', 'c')).toBe(true);
    expect(notebooks.replace(path, 'gone', 'c')).toBe(false);
    expect(sources()).toEqual(['a', 'newer', 'c']);
    panel.content.activeCell!.model.sharedModel.undo();
    expect(sources()).toEqual(['a', 'newer', 'b']);
  });
});
