import { nullTranslator } from '@jupyterlab/translation';
import { MimeData } from '@lumino/coreutils';

import { FakeConnection } from '../../__tests__/fake-connection';
import { ICellBrief } from '../../tokens';
import {
  cellAttachment,
  fileAttachment,
  reattached
} from '../../session/attachments';
import { Sessions } from '../../session/sessions';
import { DropZone } from '../drop-zone';
import { ChatModel } from '../model';
import { wordAt } from '../suggestions';
import { history } from '../../session/__tests__/events';
import { FakeFiles } from '../../__tests__/fake-files';
import { FakeNotebooks } from '../../__tests__/fake-notebooks';
import { FakeWorkspace } from '../../__tests__/fake-workspace';

const trans = nullTranslator.load('jupyter_codeact');
const NOTEBOOK = 'work/a.ipynb';
const PENGUINS = {
  name: 'penguins',
  type: 'DataFrame',
  summary: '344 rows x 8 columns: species str',
  names: ['species']
};
const CELLS: ICellBrief[] = [
  { id: 'one', type: 'code', source: 'price = 1\nprice' },
  { id: 'two', type: 'markdown', source: '# Title' }
];

let connection: FakeConnection;
let model: ChatModel;
let notebooks: FakeNotebooks;
let sessions: Sessions;

beforeEach(() => {
  connection = new FakeConnection();
  connection.connect();
  notebooks = new FakeNotebooks();
  notebooks.cells.mockReturnValue(CELLS);
  notebooks.variables.mockResolvedValue(['prices', 'total']);
  const files = new FakeFiles({
    work: ['a.ipynb', 'prices.csv', 'data/'],
    'work/data': ['raw.csv']
  });
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
  notebooks.show(NOTEBOOK);
  connection.receive(history([], { notebook: NOTEBOOK }));
});

afterEach(() => {
  model.dispose();
  sessions.dispose();
});

/** Wait until all that was begun has come to its end. */
const settled = () => new Promise(resolve => setTimeout(resolve, 0));

const labels = () => model.composer.suggestions.map(({ label }) => label);
const attached = () => model.composer.draft.attachments;

async function type(draft: string, cursor?: number): Promise<void> {
  model.composer.setText(draft, cursor);
  await settled();
}

describe('A word at the cursor', () => {
  it.each([
    ['@', 1, '@', '', 0],
    ['see @pri', 8, '@', 'pri', 4],
    ['see @pri and', 8, '@', 'pri', 4],
    ['a\n@b', 4, '@', 'b', 2],
    ['/ne', 3, '/', 'ne', 0]
  ])('is found in %j at %i', (draft, cursor, sign, query, start) => {
    expect(wordAt(draft, cursor)).toMatchObject({ sign, query, start });
  });

  it.each([
    ['name@example.org', 16],
    ['see @pri ', 9],
    ['/data/a.csv', 11],
    ['plain', 5]
  ])('is not found in %j', (draft, cursor) => {
    expect(wordAt(draft, cursor)).toBeNull();
  });
});

describe('Suggestions', () => {
  it('are the active cell, then files and variables by name with what they are, then the other cells', async () => {
    notebooks.activeCell.mockReturnValue('two');
    await type('@');
    expect(labels()).toEqual([
      ...['cell 2 (active)', 'data/', 'prices', 'prices.csv', 'total', 'cell 1']
    ]);
    const details = () =>
      model.composer.suggestions.map(({ detail }) => detail);
    expect(details()).toEqual([
      ...['# Title', 'folder', 'variable', 'CSV file', 'variable', 'price = 1']
    ]);
    // the server knows more than the names, which comes a moment later
    connection.receive({
      type: 'variable_list',
      notebook: NOTEBOOK,
      variables: [PENGUINS]
    });
    await settled();
    expect(labels()[2]).toBe('penguins');
    expect(details()[2]).toBe('DataFrame · 344 rows x 8 columns');
  });

  it('begin with what is selected', async () => {
    notebooks.selection.mockReturnValue({ cellId: 'one', text: 'price' });
    await type('@');
    expect(labels()[0]).toBe('Selected text');
    model.composer.accept(model.composer.suggestions[0]);
    await settled();
    expect(attached()).toMatchObject([
      { kind: 'selection', cell_id: 'one', text: 'price' }
    ]);
  });

  it('are what the typed letters are in, at the beginning first, cells by their source, too', async () => {
    await type('@pric');
    expect(labels()).toEqual(['prices', 'prices.csv', 'cell 1']);
  });

  it('go down into folders', async () => {
    await type('see @data');
    const cursor = model.composer.accept(model.composer.suggestions[0]);
    expect(model.composer.draft.text).toBe('see @data/');
    expect(cursor).toBe('see @data/'.length);
    await settled();
    expect(labels()).toEqual(['data/raw.csv']);
    model.composer.accept(model.composer.suggestions[0]);
    await settled();
    expect(model.composer.draft.text).toBe('see data/raw.csv ');
    expect(attached()).toMatchObject([
      { kind: 'file', path: 'work/data/raw.csv' }
    ]);
  });

  it('are there without the files when these cannot be listed', async () => {
    await type('@nowhere/');
    expect(labels()).toEqual([]);
    notebooks.variables.mockRejectedValue(new Error('busy'));
    await type('@');
    expect(labels()).toEqual(['data/', 'prices.csv', 'cell 1', 'cell 2']);
  });

  it('are those of the last word typed', async () => {
    model.composer.setText('@tot');
    await type('@tit');
    expect(labels()).toEqual(['cell 2']);
  });

  it('name a variable without attaching anything, and keep what follows', async () => {
    await type('add @tot now', 8);
    model.composer.accept(model.composer.suggestions[0]);
    await settled();
    expect(model.composer.draft.text).toBe('add `total` now');
    expect(attached()).toEqual([]);
  });

  it('can be gone through in a circle', async () => {
    await type('@pric');
    model.composer.select(-1);
    expect(model.composer.selected).toBe(2);
    model.composer.select(3);
    expect(model.composer.selected).toBe(0);
  });
});

describe('An attachment', () => {
  it('is attached once, sent and then forgotten', () => {
    model.composer.attachCells(['one', 'gone']);
    model.composer.attachCells(['one']);
    expect(attached()).toHaveLength(1);
    model.composer.setText('Explain.');
    model.composer.send();
    expect(connection.takeRequests()).toMatchObject([
      {
        type: 'ask',
        attachments: [
          { kind: 'cell', cell_id: 'one', text: 'price = 1\nprice' }
        ]
      }
    ]);
    expect(attached()).toEqual([]);
  });

  it('can be taken away again', async () => {
    await model.composer.attachPaths(['x.csv', 'y.csv']);
    model.composer.detach(attached()[0]);
    expect(attached()).toMatchObject([{ path: 'y.csv' }]);
  });

  it('says why when it cannot be attached, and attaches the rest', async () => {
    const files = [new File(['MZ'], 'a.exe'), new File(['x'], 'b.txt')];
    await model.composer.attachFiles(files);
    expect(attached()).toMatchObject([{ name: 'b.txt' }]);
    expect(model.state.notices.chat?.text).toContain(
      'a.exe may not be uploaded.'
    );
  });

  it('of an earlier task gets back the path that Jupyter knows', () => {
    const given = [
      fileAttachment('x', 'data/x.csv'),
      cellAttachment(CELLS, CELLS[0], trans)
    ];
    expect(reattached(given, NOTEBOOK)).toMatchObject([
      { path: 'work/data/x.csv' },
      { path: null }
    ]);
  });
});

describe('Dropping', () => {
  let node: HTMLElement;
  let zone: DropZone;

  beforeEach(() => {
    node = document.createElement('div');
    zone = new DropZone(node, model);
  });

  function within(kind: string, data: Record<string, unknown>): Event {
    const mimeData = new MimeData();
    for (const [type, each] of Object.entries(data)) {
      mimeData.setData(type, each);
    }
    const event = new Event(`lm-${kind}`, { cancelable: true });
    Object.assign(event, { mimeData, proposedAction: 'copy' });
    node.dispatchEvent(event);
    return event;
  }

  function fromOutside(kind: string, types: string[], files: File[]): Event {
    const event = new Event(kind, { cancelable: true });
    Object.assign(event, { dataTransfer: { types, files } });
    node.dispatchEvent(event);
    return event;
  }

  it('takes cells of the notebook', () => {
    const cells = [{ model: { id: 'two' } }];
    within('dragenter', { 'internal:cells': cells });
    expect(node.className).toBe('jp-mod-dropTarget');
    const dropped = within('drop', { 'internal:cells': cells });
    expect(dropped).toMatchObject({
      defaultPrevented: true,
      dropAction: 'copy'
    });
    expect(node.className).toBe('');
    expect(attached()).toMatchObject([{ kind: 'cell', cell_id: 'two' }]);
  });

  it('takes files of the file browser', async () => {
    within('drop', { 'application/x-jupyter-icontents': ['work/x.csv'] });
    await settled();
    expect(attached()).toMatchObject([{ path: 'work/x.csv' }]);
  });

  it('takes files of the machine', async () => {
    fromOutside('dragover', ['Files'], []);
    expect(node.className).toBe('jp-mod-dropTarget');
    fromOutside('dragleave', ['Files'], []);
    expect(node.className).toBe('');
    fromOutside('drop', ['Files'], [new File(['x'], 'b.txt')]);
    await settled();
    expect(attached()).toMatchObject([
      { kind: 'file', name: 'b.txt', path: 'work/b.txt' }
    ]);
  });

  it('leaves everything else to others', () => {
    const others = [
      within('drop', { 'text/plain': 'x' }),
      fromOutside('drop', ['text/plain'], [])
    ];
    expect(others.some(event => event.defaultPrevented)).toBe(false);
    expect(attached()).toEqual([]);
  });

  it('ends with the zone', () => {
    zone.dispose();
    const event = within('drop', { 'internal:cells': [] });
    expect(event.defaultPrevented).toBe(false);
  });
});
