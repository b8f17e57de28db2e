import { nullTranslator } from '@jupyterlab/translation';

import { FakeConnection } from '../../__tests__/fake-connection';
import { event } from '../../chat/__tests__/events';
import { FakeNotebooks } from '../../chat/__tests__/fake-notebooks';
import { Checking } from '../../protocol';
import { CellsModel } from '../model';
import { Event } from '../record';
import { history } from './history';

const PATH = 'a.ipynb';

let connection: FakeConnection;
let notebooks: FakeNotebooks;
let model: CellsModel;

beforeEach(() => {
  connection = new FakeConnection();
  connection.connect();
  notebooks = new FakeNotebooks();
  model = new CellsModel({
    connection,
    notebooks,
    trans: nullTranslator.load('jupyter_codeact')
  });
});

afterEach(() => {
  model.dispose();
});

function happened(...events: Event[]): void {
  for (const one of events) {
    connection.say({ type: 'happened', notebook: PATH, event: one });
  }
}

function checking(fields: Partial<Checking> = {}): Checking {
  return {
    type: 'checking',
    notebook: PATH,
    cells: [
      { cell_id: 'a', state: 'same', message: '' },
      { cell_id: 'b', state: 'running', message: '' }
    ],
    holds: null,
    message: '',
    ...fields
  };
}

function refuse(message = 'No.'): void {
  connection.say({ type: 'refused', notebook: PATH, message });
}

describe('What the user says of the cells', () => {
  beforeEach(() => {
    happened(
      event('run_started', 1),
      event('cell_written', 1),
      event('asked', 1)
    );
  });

  it('is bound to what they were asked, and said once', () => {
    const decision = { approved: true, source: '2', rest: false };
    model.decide(PATH, decision);
    model.decide(PATH, decision);
    expect(connection.heard()).toEqual([
      {
        type: 'decide',
        notebook: PATH,
        run: 'r',
        sha256: '',
        approved: true,
        source: '2',
        rest: false
      }
    ]);
    expect(model.record(PATH).waiting?.decided).toBe(true);
  });

  it('can be said again when it was refused, and the reason is shown', () => {
    model.decide(PATH, { approved: true, source: '2', rest: false });
    refuse('The cell is another one by now.');
    expect(model.record(PATH).waiting?.decided).toBe(false);
    expect(model.record(PATH).notice?.text).toBe(
      'The cell is another one by now.'
    );
    model.dismissNotice(PATH);
    expect(model.record(PATH).notice).toBeNull();
  });

  it('can be said again when the connection was lost, and is not lost in silence', () => {
    connection.change('closed');
    model.decide(PATH, { approved: true, source: '2', rest: false });
    expect(model.record(PATH).waiting?.decided).toBe(false);
    expect(model.record(PATH).notice?.text).toContain('cannot be reached');
  });

  it('is nothing where no cell waits', () => {
    happened(event('decided', 1));
    model.decide(PATH, { approved: true, source: '2', rest: false });
    expect(connection.heard()).toEqual([]);
  });
});

describe('The model of the cells', () => {
  it('leaves to the chat what was refused to the chat', () => {
    refuse();
    expect(model.record(PATH).notice).toBeNull();
  });

  it('follows the mode', () => {
    connection.say(history([], { mode: 'ask' }));
    expect(model.record(PATH).mode).toBe('ask');
    model.setMode(PATH, 'auto');
    expect(connection.heard()).toEqual([
      { type: 'set_mode', notebook: PATH, mode: 'auto' }
    ]);
    expect(model.record(PATH).mode).toBe('ask');
    connection.say({ type: 'mode_is', notebook: PATH, mode: 'auto' });
    expect(model.record(PATH).mode).toBe('auto');
  });

  it('says what an undone run has left alone', () => {
    model.undo(PATH);
    expect(connection.heard()).toEqual([
      { type: 'undo', notebook: PATH, run: null }
    ]);
    happened(event('run_undone', 1));
    expect(model.record(PATH).notice!.text).toBe(
      'The notebook is as it was before the run.'
    );
    happened(event('run_undone', 1, { left: ['b', 'c'] }));
    expect(model.record(PATH).notice).toMatchObject({
      text: expect.stringContaining('2 cells that were changed since'),
      left: ['b', 'c']
    });
  });

  it('keeps the results of a check until they are cleared, or the cell is edited', () => {
    model.check(PATH);
    connection.say(checking());
    model.stopCheck(PATH);
    expect(connection.heard().map(({ type }) => type)).toEqual([
      'check',
      'stop_check'
    ]);
    connection.say(checking({ holds: true, message: 'It holds.' }));
    model.clearCheck(PATH, 'b');
    model.clearCheck(PATH, 'gone');
    expect(model.record(PATH).check!.cells).toMatchObject([{ cell_id: 'a' }]);
    connection.say(history([]));
    expect(model.record(PATH).check!.message).toBe('It holds.');
    model.clearCheck(PATH);
    expect(model.record(PATH).check).toBeNull();
  });

  it('forgets a check under way with the connection, but not one that is over', () => {
    connection.say(checking());
    connection.change('closed');
    expect(model.record(PATH).check).toBeNull();
    connection.say(checking({ holds: false }));
    connection.change('closed');
    expect(model.record(PATH).check).not.toBeNull();
  });

  it('follows a notebook to its new name, and forgets a closed one', () => {
    connection.say(history([], { mode: 'ask' }));
    const changed = jest.fn();
    model.changed.connect((_, path) => changed(path));
    notebooks.rename(PATH, 'b.ipynb');
    expect(model.record('b.ipynb').mode).toBe('ask');
    expect(model.record(PATH).mode).toBeNull();
    expect(changed).toHaveBeenCalledWith('b.ipynb');
    notebooks.closed.emit('b.ipynb');
    expect(model.record('b.ipynb').mode).toBeNull();
  });

  it('is silent while a reply is written', () => {
    happened(event('run_started', 1));
    const changed = jest.fn();
    model.changed.connect(changed);
    happened(event('reply_delta', 1));
    expect(changed).not.toHaveBeenCalled();
  });
});
