import { CodeCell } from '@jupyterlab/cells';
import { NotebookActions, NotebookPanel } from '@jupyterlab/notebook';
import { nullTranslator } from '@jupyterlab/translation';
import { MessageLoop } from '@lumino/messaging';
import { act } from 'react';

import { FakeConnection } from '../../__tests__/fake-connection';
import { FakeNotebooks } from '../../__tests__/fake-notebooks';
import { makePanel } from '../../notebook/__tests__/make-panel';
import { isProtected, setProtected } from '../../notebook/metadata';
import { event, waiting } from '../../session/__tests__/events';
import { Sessions } from '../../session/sessions';
import { NotebookMarks } from '../notebook-marks';

const trans = nullTranslator.load('jupyter_codeact');
const ERROR = {
  output_type: 'error',
  ename: 'NameError',
  evalue: 'x',
  traceback: []
};

let connection: FakeConnection;
let sessions: Sessions;
let panel: NotebookPanel;
let marks: NotebookMarks;
let called: string[];

beforeAll(() => {
  Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: true });
});

beforeEach(async () => {
  panel = await makePanel(
    ['a', 'b', 'c'].map(id => ({
      id,
      cell_type: 'code',
      source: id,
      metadata: id === 'b' ? { codeact: { run: 'r', model: 'Qwen' } } : {},
      outputs: [],
      execution_count: null
    }))
  );
  connection = new FakeConnection();
  connection.connect();
  const notebooks = new FakeNotebooks();
  sessions = new Sessions({ connection, notebooks, trans });
  called = [];
  // What is rendered outside of `act` is not waited for by it.
  await drawn(() => {
    marks = new NotebookMarks({
      actions: (_, cell) => {
        const call = (name: string) => () => {
          called.push(`${name} ${cell.model.id}`);
        };
        return {
          change: {
            keep: call('keep'),
            undo: call('undo'),
            redo: call('redo'),
            again: call('again'),
            step: by => call(`step ${by}`)()
          },
          approve: call('approve'),
          approveRest: call('approveRest'),
          edit: call('edit'),
          skip: call('skip'),
          fix: call('fix'),
          explain: call('explain'),
          showChanges: call('showChanges')
        };
      },
      panel,
      sessions,
      trans
    });
  });
});

afterEach(() => {
  sessions.dispose();
  panel.context.dispose();
  panel.dispose();
});

/** Do something, and wait until all of it is drawn. */
async function drawn(change: () => void): Promise<void> {
  await act(async () => {
    change();
    await Promise.all(panel.content.widgets.map(({ ready }) => ready));
    MessageLoop.flush();
  });
}

async function receive(...events: ReturnType<typeof event>[]): Promise<void> {
  const notebook = panel.context.localPath;
  await drawn(() => {
    for (const one of events) {
      connection.receive({ type: 'event', notebook, event: one });
    }
  });
}

function cell(id: string): CodeCell {
  return panel.content.widgets.find(({ model }) => model.id === id) as CodeCell;
}

/** What the things drawn at a cell are called. */
function labels(id: string): (string | null)[] {
  return [...cell(id).node.querySelectorAll('[aria-label]')]
    .filter(node =>
      node.closest(
        '.jp-CodeAct-cellMarks, .jp-CodeAct-cellApproval, .jp-CodeAct-cellError'
      )
    )
    .map(node => node.getAttribute('aria-label'));
}

function click(id: string, name: string): void {
  const buttons = [...cell(id).node.querySelectorAll('button')];
  buttons.find(({ textContent }) => textContent === name)!.click();
}

async function ask(reasons: string[] = []): Promise<void> {
  await receive(...waiting('a', { cell_id: 'a', reasons }));
}

const TITLE = 'CodeAct wants to run this cell';

describe('At its cell', () => {
  it('what waits has a bar with the reasons, and a button for each answer', async () => {
    await ask(['It deletes files.']);
    expect(labels('a')).toContain(TITLE);
    expect(cell('a').node.textContent).toContain('It deletes files.');
    for (const name of ['Run', 'Edit', 'Skip', 'Run All from Here']) {
      click('a', name);
    }
    expect(called).toEqual(['approve a', 'edit a', 'skip a', 'approveRest a']);
    expect(cell('a').hasClass('jp-CodeAct-cellWaiting')).toBe(true);
    await receive(event('approval_resolved', 1, { cell_id: 'a' }));
    expect(labels('a')).not.toContain(TITLE);
    expect(cell('a').hasClass('jp-CodeAct-cellWaiting')).toBe(false);
  });

  it('the bar stays when the cell is moved, and goes when it is deleted', async () => {
    await ask();
    await drawn(() => panel.content.moveCell(0, 2));
    expect(labels('a')).toContain(TITLE);
    click('a', 'Run');
    expect(called).toEqual(['approve a']);
    panel.content.activeCellIndex = 2;
    await drawn(() => NotebookActions.deleteCells(panel.content));
    expect(panel.content.widgets).toHaveLength(2);
    await receive(event('approval_resolved', 1, { cell_id: 'a' }));
    await drawn(() => NotebookActions.undo(panel.content));
    expect(labels('a')).not.toContain(TITLE);
  });

  it('what CodeAct wrote is marked quietly, and what it is working on', async () => {
    expect(labels('b')).toEqual(['Written by CodeAct with Qwen']);
    expect(labels('c')).toEqual([]);
    await receive(
      event('run_started', 1),
      event('cell_written', 1, { cell_id: 'c' })
    );
    expect(labels('c')).toEqual(['CodeAct is working on this cell']);
    await receive(event('executed', 1, { cell_id: 'c' }));
    expect(labels('c')).toEqual([]);
  });

  it('what a run changed is one click away', async () => {
    await receive(
      event('run_started', 1),
      event('cell_written', 1, { cell_id: 'b' }),
      event('run_ended', 1)
    );
    cell('b').node.querySelector<HTMLElement>('[data-mark=written]')!.click();
    expect(called).toEqual(['showChanges b']);
  });

  it('the mark that keeps CodeAct away is shown, and leaves the other metadata alone', async () => {
    await drawn(() => setProtected(cell('b').model, true));
    expect(isProtected(cell('b').model)).toBe(true);
    expect(labels('b')).toEqual([
      'CodeAct never runs or edits this cell',
      'Written by CodeAct with Qwen'
    ]);
    await drawn(() => setProtected(cell('b').model, false));
    expect(cell('b').model.getMetadata('codeact')).toEqual({
      run: 'r',
      model: 'Qwen'
    });
    await drawn(() => setProtected(cell('a').model, true));
    await drawn(() => setProtected(cell('a').model, false));
    expect(cell('a').model.getMetadata('codeact')).toBeUndefined();
    cell('a').model.setMetadata('codeact', 'nonsense');
    expect(isProtected(cell('a').model)).toBe(false);
  });

  it('an error can be fixed and explained, until the cell is run again', async () => {
    await drawn(() => cell('a').model.outputs.add(ERROR));
    expect(labels('a')).toEqual(['Help with this error']);
    click('a', 'Fix with CodeAct');
    click('a', 'Explain');
    expect(called).toEqual(['fix a', 'explain a']);
    await drawn(() => cell('a').model.clearExecution());
    expect(labels('a')).toEqual([]);
  });

  it('the result of a check is shown, until the cell is edited', async () => {
    await drawn(() =>
      connection.receive({
        type: 'checking',
        notebook: panel.context.localPath,
        cells: [
          { cell_id: 'a', state: 'failed', message: 'It fails: NameError.' },
          { cell_id: 'c', state: 'same', message: '' }
        ],
        reproduces: false,
        message: 'No.'
      })
    );
    expect(labels('a')).toEqual(['It fails: NameError.']);
    expect(labels('c')).toEqual(['Gives the same result in a fresh kernel']);
    await drawn(() =>
      cell('a').model.outputs.add({
        ...ERROR,
        output_type: 'stream',
        name: 'stdout',
        text: '1'
      })
    );
    expect(labels('a')).toEqual(['It fails: NameError.']);
    await drawn(() => cell('a').model.sharedModel.setSource('other'));
    expect(labels('a')).toEqual([]);
    expect(labels('c')).toHaveLength(1);
  });

  it('nothing is drawn any more once the notebook is closed', async () => {
    panel.dispose();
    expect(marks.isDisposed).toBe(true);
    await ask();
  });
});
