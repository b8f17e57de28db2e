import { ICodeCellModel } from '@jupyterlab/cells';
import { NotebookPanel } from '@jupyterlab/notebook';
import { nullTranslator } from '@jupyterlab/translation';

import { WriteCell } from '../../protocol';
import {
  cellToRun,
  deleteCell,
  moveCell,
  readCell,
  readState,
  restoreCell,
  writeCell
} from '../cells';
import { makePanel } from './make-panel';

const trans = nullTranslator.load('jupyter_codeact');

const PICTURE = {
  output_type: 'display_data',
  data: { 'image/png': 'AAAA', 'text/plain': '<Figure>' },
  metadata: {}
};

let panel: NotebookPanel;

beforeEach(async () => {
  panel = await makePanel([
    { id: 'a', cell_type: 'markdown', source: '# A', metadata: {} },
    {
      id: 'b',
      cell_type: 'code',
      source: 'plot()',
      metadata: { tags: ['mine'] },
      outputs: [PICTURE],
      execution_count: 3
    },
    {
      id: 'c',
      cell_type: 'code',
      source: 'c',
      metadata: {},
      outputs: [],
      execution_count: null
    }
  ]);
});

afterEach(() => {
  panel.context.dispose();
});

function write(command: Partial<WriteCell>): string {
  return writeCell(
    panel,
    {
      type: 'write_cell',
      id: 1,
      notebook: panel.context.path,
      source: 'new',
      cell_type: 'code',
      cell_id: null,
      new_id: 'fresh',
      after: null,
      before: null,
      was: null,
      metadata: {},
      ...command
    },
    trans
  );
}

function sources(): string[] {
  return panel.content.widgets.map(({ model }) =>
    model.sharedModel.getSource()
  );
}

describe('A cell of CodeAct that the user has changed', () => {
  it('is the user’s: what would replace it goes below', () => {
    const id = write({ source: 'wrong', new_id: 'one', after: 'b' });
    panel.content.widgets[2].model.sharedModel.setSource('mine now');
    const correct = { source: 'right', cell_id: id, after: id, was: 'wrong' };
    const next = write({ ...correct, new_id: 'two' });
    expect(next).toBe('two');
    expect(write({ ...correct, new_id: 'two' })).toBe('two'); // told twice
    expect(sources()).toEqual(['# A', 'plot()', 'mine now', 'right', 'c']);
    const better = { source: 'better', cell_id: next, was: 'right' };
    expect(write({ ...better, new_id: 'three' })).toBe(next);
    expect(sources()[3]).toBe('better');
  });
});

describe('Reading a notebook', () => {
  it('tells its cells, the active one and the kernel', () => {
    panel.content.activeCellIndex = 1;
    const state = readState(panel, { brief: false }, trans);
    expect(state.cells.map(({ id }) => id)).toEqual(['a', 'b', 'c']);
    expect(state.cells[0]).toEqual({
      id: 'a',
      cell_type: 'markdown',
      source: '# A',
      outputs: [],
      execution_count: null,
      protected: false
    });
    expect(state.cells[1].execution_count).toBe(3);
    expect(state.active_cell).toBe('b');
    expect(state.kernel?.language).toBe('python');
  });

  it('names pictures without carrying them', () => {
    const [, { outputs }] = readState(panel, { brief: false }, trans).cells;
    expect(outputs[0].data).toEqual({
      'image/png': '',
      'text/plain': '<Figure>'
    });
  });
});

describe('Writing a cell', () => {
  it('inserts below the cell it is told', () => {
    const id = write({ after: 'a', metadata: { codeact: { run: 'r' } } });
    expect(sources()).toEqual(['# A', 'new', 'plot()', 'c']);
    const { model } = panel.content.widgets[1];
    expect(model.id).toBe(id);
    expect(model.getMetadata('codeact')).toEqual({ run: 'r' });
  });

  it.each([null, 'gone'])('inserts at the end, below %p', after => {
    write({ after });
    expect(sources()).toEqual(['# A', 'plot()', 'c', 'new']);
  });

  it('rewrites in place, without the old outputs and with the other metadata', () => {
    expect(write({ cell_id: 'b', metadata: { codeact: 1 } })).toBe('b');
    expect(sources()).toEqual(['# A', 'new', 'c']);
    expect(panel.content.widgets[1].model.toJSON()).toMatchObject({
      outputs: [],
      execution_count: null,
      metadata: { tags: ['mine'], codeact: 1 }
    });
  });

  it('is undone in one step', () => {
    write({ cell_id: 'b' });
    panel.content.widgets[1].model.sharedModel.undo();
    expect(panel.content.widgets[1].model.toJSON()).toMatchObject({
      source: 'plot()',
      outputs: [PICTURE]
    });
  });

  it('turns a code cell into text under the same id', () => {
    expect(write({ cell_id: 'b', cell_type: 'markdown' })).toBe('b');
    expect(sources()).toEqual(['# A', 'new', 'c']);
    expect(panel.content.widgets[1].model.type).toBe('markdown');
  });

  it('writes a cell anew that the user has deleted', () => {
    const id = write({ cell_id: 'gone', after: 'b' });
    expect(id).not.toBe('gone');
    expect(sources()).toEqual(['# A', 'plot()', 'new', 'c']);
  });

  it('leaves the cell, the mode and the selection to the user', () => {
    const { content } = panel;
    content.activeCellIndex = 2;
    content.mode = 'edit';
    write({ after: 'a' });
    write({ cell_id: 'b' });
    expect(content.activeCell!.model.id).toBe('c');
    expect(content.mode).toBe('edit');
    expect(content.selectedCells.map(({ model }) => model.id)).toEqual(['c']);
  });
});

describe('A protected cell', () => {
  beforeEach(() => {
    const { model } = panel.content.widgets[1];
    model.setMetadata('codeact', { protected: true });
  });

  it('is told as one', () => {
    const { cells } = readState(panel, { brief: true }, trans);
    expect(cells.map(cell => cell.protected)).toEqual([false, true, false]);
  });

  it('is neither rewritten nor run', () => {
    const sentence = 'You protect this cell from CodeAct';
    expect(() => write({ cell_id: 'b' })).toThrow(sentence);
    expect(() => cellToRun(panel, 'b', 'plot()', trans)).toThrow(sentence);
    expect(sources()).toEqual(['# A', 'plot()', 'c']);
  });
});

describe('Restoring a cell', () => {
  const CELL = {
    id: 'b',
    cell_type: 'code',
    source: ['plot()\n', 'more()'],
    metadata: { tags: ['theirs'] },
    outputs: [PICTURE, PICTURE],
    execution_count: 7
  };

  function restore(cell: object, after: string | null = null, trusted = false) {
    const content = cell as Record<string, unknown>;
    restoreCell(panel, { cell: content, after, trusted });
  }

  it('gives back all of it, in place and without another editor', () => {
    const before = panel.content.widgets[1];
    restore(CELL);
    expect(panel.content.widgets[1]).toBe(before);
    const { outputs } = before.model as ICodeCellModel;
    expect(outputs.toJSON()).toEqual(CELL.outputs);
    expect(readCell(panel, { cell_id: 'b' }, trans)).toMatchObject({
      ...CELL,
      source: 'plot()\nmore()'
    });
  });

  it('leaves nothing in the metadata that was not there', () => {
    const { model } = panel.content.widgets[1];
    model.setMetadata('codeact', { run: 'r' });
    restore(CELL);
    expect(model.metadata).toEqual({ tags: ['theirs'] });
  });

  it('gives back what more was printed meanwhile', () => {
    const model = panel.content.widgets[1].model as ICodeCellModel;
    for (const text of ['begun\n', 'begun\ndone\n']) {
      const outputs = [{ output_type: 'stream', name: 'stdout', text }];
      restore({ ...CELL, outputs });
      expect(model.outputs.toJSON()).toEqual(outputs);
      expect(model.toJSON().outputs).toEqual(outputs);
    }
  });

  it('trusts only what the kernel has just shown', () => {
    const { model } = panel.content.widgets[1];
    model.trusted = false;
    restore(CELL);
    expect(model.trusted).toBe(false);
    restore(CELL, null, true);
    expect(model.trusted).toBe(true);
  });

  it.each([
    ['a', 1],
    [null, 0],
    ['gone', 2]
  ])('inserts it again below %p', (after, index) => {
    deleteCell(panel, {
      type: 'delete_cell',
      id: 1,
      notebook: panel.context.path,
      cell_id: 'b'
    });
    restore(CELL, after);
    const { model } = panel.content.widgets[index];
    expect(model.toJSON()).toMatchObject({ id: 'b', execution_count: 7 });
  });
});

describe('Moving a cell', () => {
  const move = (cell_id: string, after: string | null) =>
    moveCell(
      panel,
      {
        cell_id,
        after
      },
      trans
    );

  it.each([
    ['b', null, ['plot()', '# A', 'c']],
    ['a', 'b', ['plot()', '# A', 'c']],
    ['a', 'c', ['plot()', 'c', '# A']],
    ['c', 'a', ['# A', 'c', 'plot()']],
    ['b', 'a', ['# A', 'plot()', 'c']]
  ])('puts %s below %s', (cell, after, expected) => {
    move(cell, after);
    expect(sources()).toEqual(expected);
  });

  it('keeps outputs, count, trust and metadata, and the active cell', () => {
    panel.content.activeCellIndex = 2;
    panel.content.widgets[1].model.trusted = true;
    const before = panel.content.widgets[1].model.toJSON();
    move('b', null);
    const { model } = panel.content.widgets[0];
    expect(model.toJSON()).toEqual(before);
    expect(model.trusted).toBe(true);
    expect(panel.content.activeCell?.model.id).toBe('c');
    move('c', null);
    expect(panel.content.activeCell?.model.id).toBe('c');
  });

  it('leaves a protected cell, and one that is gone, alone', () => {
    panel.content.widgets[1].model.setMetadata('codeact', { protected: true });
    expect(() => move('b', null)).toThrow('You protect this cell');
    expect(() => move('x', null)).toThrow('no longer in the notebook');
    expect(() => move('a', 'x')).toThrow('no longer in the notebook');
    expect(sources()).toEqual(['# A', 'plot()', 'c']);
  });
});

describe('Deleting a cell', () => {
  it('removes the one it is told, and does not mind if it is gone', () => {
    const command = {
      type: 'delete_cell',
      id: 1,
      notebook: panel.context.path,
      cell_id: 'b'
    } as const;
    deleteCell(panel, command);
    deleteCell(panel, command);
    expect(sources()).toEqual(['# A', 'c']);
  });
});
