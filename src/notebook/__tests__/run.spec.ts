import { ISessionContext } from '@jupyterlab/apputils';
import { CodeCell, ICodeCellModel } from '@jupyterlab/cells';
import {
  INotebookCellExecutor,
  KernelError,
  NotebookPanel
} from '@jupyterlab/notebook';
import { Kernel, KernelMessage } from '@jupyterlab/services';
import { nullTranslator } from '@jupyterlab/translation';
import { PromiseDelegate } from '@lumino/coreutils';
import { ISignal, Signal } from '@lumino/signaling';

import { Execution } from '../../protocol';
import { runCell } from '../run';
import { UserError } from '../user-error';
import { makePanel } from './make-panel';

const trans = nullTranslator.load('jupyter_codeact');
const PRINTED = { output_type: 'stream', name: 'stdout', text: 'hello\n' };

let begun: string[];
let panel: NotebookPanel;

beforeEach(async () => {
  begun = [];
  panel = await makePanel(
    ['a', 'b'].map(id => ({
      id,
      cell_type: 'code',
      source: `run(${id})`,
      metadata: {},
      outputs: [],
      execution_count: null
    }))
  );
});

afterEach(() => {
  // JupyterLab tells of a kernel that restarts by itself in a dialog.
  document
    .querySelectorAll<HTMLButtonElement>('.jp-Dialog .jp-mod-accept')
    .forEach(button => button.click());
  panel.context.dispose();
});

/** Do `how` with the cell in place of the kernel. */
function run(
  how: (model: ICodeCellModel, cell: CodeCell) => unknown,
  { cell_id = 'a', source = 'run(a)', succeeds = true } = {}
): Promise<Execution> {
  const executor: INotebookCellExecutor = {
    runCell: async ({ cell }) => {
      await how(cell.model as ICodeCellModel, cell as CodeCell);
      return succeeds;
    }
  };
  const command = {
    type: 'run_cell',
    id: 1,
    notebook: panel.context.path,
    cell_id,
    source
  } as const;
  return runCell(panel, command, executor, trans, message =>
    begun.push(message)
  );
}

function emit<T>(signal: ISignal<ISessionContext, T>, args: T): void {
  (signal as Signal<ISessionContext, T>).emit(args);
}

function error(ename: string) {
  return { output_type: 'error', ename, evalue: 'x', traceback: [] };
}

/** Wait until the cell runs, in a kernel that never comes to an end. */
async function runForever(
  how: (model: ICodeCellModel, cell: CodeCell) => void = () => undefined
): Promise<Promise<Execution>[]> {
  const begun = new PromiseDelegate<void>();
  const execution = run((model, cell) => {
    how(model, cell);
    begun.resolve();
    return new Promise(() => undefined);
  });
  await Promise.race([begun.promise, execution]);
  return [execution];
}

describe('Running a cell', () => {
  it('tells its outputs, its count and its time', async () => {
    const execution = await run(model => {
      model.outputs.add(PRINTED);
      model.executionCount = 5;
    });
    expect(execution).toEqual({
      status: 'ok',
      outputs: [PRINTED],
      execution_count: 5,
      exit_code: null,
      seconds: expect.any(Number)
    });
  });

  it.each([
    ['ZeroDivisionError', 'error'],
    ['KeyboardInterrupt', 'interrupted']
  ])('tells an interrupt from an error: %s', async (ename, status) => {
    const failed = { succeeds: false };
    const execution = await run(model => {
      model.outputs.add(PRINTED);
      model.outputs.add(error(ename));
      model.executionCount = 1;
    }, failed);
    expect(execution.status).toBe(status);
    expect(execution.outputs).toHaveLength(2);
  });

  it('judges by the status, not by an output that looks like an error', async () => {
    const execution = await run(model => {
      model.outputs.add(error('ValueError'));
      model.executionCount = 1;
    });
    expect(execution.status).toBe('ok');
  });

  it('does not mind executors that throw what the kernel said', async () => {
    const execution = await run(model => {
      model.outputs.add(error('NameError'));
      model.executionCount = 1;
      const content = { status: 'error', ename: 'NameError' };
      throw new KernelError(
        content as KernelMessage.IExecuteReplyMsg['content']
      );
    });
    expect(execution.status).toBe('error');
  });

  it.each([
    ['UsageError', 'error'],
    ['KeyboardInterrupt', 'interrupted']
  ])('believes the kernel when no output tells: %s', async (ename, status) => {
    const execution = await run(model => {
      model.outputs.add({ ...PRINTED, name: 'stderr' });
      model.executionCount = 1;
      const content = { status: 'error', ename };
      throw new KernelError(
        content as KernelMessage.IExecuteReplyMsg['content']
      );
    });
    expect(execution.status).toBe(status);
  });

  it('believes an executor that only says that it failed', async () => {
    const execution = await run(
      model => {
        model.executionCount = 1;
      },
      { succeeds: false }
    );
    expect(execution.status).toBe('error');
  });

  it('cuts absurdly long text in the middle', async () => {
    const execution = await run(model => {
      const text = 'x'.repeat(3_000_000);
      model.outputs.add({ output_type: 'stream', name: 'stdout', text });
      model.executionCount = 1;
    });
    const text = execution.outputs[0].text as string;
    expect(text.length).toBeLessThan(1_000_100);
    expect(text).toContain('2000000 characters left out');
  });

  it('refuses a cell that is gone, and one that was changed', async () => {
    const how = jest.fn();
    await expect(run(how, { cell_id: 'gone' })).rejects.toThrow(UserError);
    await expect(run(how, { source: 'other' })).rejects.toThrow(UserError);
    expect(how).not.toHaveBeenCalled();
  });

  it('does not call a cell done that another cell kept from running', async () => {
    await expect(run(() => undefined)).rejects.toThrow('did not get to run');
  });

  it('tells when the cell is deleted in the middle', async () => {
    const execution = run(async () => {
      await Promise.resolve();
      panel.model!.sharedModel.deleteCell(0);
    });
    await expect(execution).rejects.toThrow('deleted');
  });

  it('keeps its hold of a cell that is moved in the middle', async () => {
    const { iopubMessage } = panel.sessionContext;
    const say = (msg_type: string, content: object, msg_id = 'request') =>
      emit(iopubMessage, {
        header: { msg_type },
        parent_header: { msg_id },
        content
      } as KernelMessage.IMessage);
    const execution = run(async (model, cell) => {
      cell.outputArea.future = {
        done: new Promise(() => undefined),
        dispose: () => undefined,
        msg: { header: { msg_id: 'request' } }
      } as unknown as typeof cell.outputArea.future;
      await Promise.resolve();
      model.outputs.add(PRINTED);
      say('execute_input', { execution_count: 4 });
      panel.content.moveCell(0, 1);
      setTimeout(() => {
        say('stream', { name: 'stdout', text: 'again\n' });
        say('stream', { name: 'stdout', text: 'not mine' }, 'other');
        say('status', { execution_state: 'idle' });
      });
    });
    expect(await execution).toMatchObject({
      status: 'ok',
      execution_count: 4,
      outputs: [{ ...PRINTED, text: 'hello\nagain\n' }]
    });
    expect(panel.content.widgets[1].model.toJSON()).toMatchObject({
      id: 'a',
      execution_count: 4
    });
  });
});

describe('A kernel lost in the middle', () => {
  it.each<Kernel.Status>([
    'dead',
    'restarting',
    'autorestarting',
    'terminating'
  ])('ends the run when it is %s, with what was printed', async status => {
    const [execution] = await runForever(model => model.outputs.add(PRINTED));
    emit(panel.sessionContext.statusChanged, status);
    expect(await execution).toMatchObject({
      status: 'dead',
      outputs: [PRINTED]
    });
  });

  it('ends the run when the page loses it', async () => {
    const [execution] = await runForever();
    emit(panel.sessionContext.connectionStatusChanged, 'disconnected');
    expect((await execution).status).toBe('dead');
  });

  it('ends the run when another kernel takes its place', async () => {
    const [execution] = await runForever();
    await panel.sessionContext.shutdown();
    expect((await execution).status).toBe('dead');
  });

  it('is not one that starts before the cell begins', async () => {
    const execution = await run(model => {
      emit(panel.sessionContext.statusChanged, 'starting');
      model.executionCount = 1;
    });
    expect(execution.status).toBe('ok');
  });
});

describe('A notebook that cannot run Python', () => {
  it('without a kernel says so, and opens no dialog', async () => {
    const other = await makePanel([], false);
    const command = {
      type: 'run_cell',
      id: 1,
      notebook: other.context.path,
      cell_id: 'a',
      source: ''
    } as const;
    const executor = { runCell: jest.fn() };
    await expect(
      runCell(other, command, executor, trans, jest.fn())
    ).rejects.toThrow('no kernel');
    expect(executor.runCell).not.toHaveBeenCalled();
    expect(document.querySelector('.jp-Dialog')).toBeNull();
    other.context.dispose();
  });

  it.each([
    [{ status: 'dead' }, 'is dead'],
    [{ connectionStatus: 'disconnected' }, 'lost the connection'],
    [{ name: 'irkernel' }, 'runs R']
  ])('because of %p says so', async (state, sentence) => {
    const { session, specsManager } = panel.sessionContext;
    const { kernelspecs } = specsManager.specs!;
    const spec = { ...kernelspecs.python3!, name: 'irkernel', language: 'R' };
    Object.assign(kernelspecs, { irkernel: spec });
    Object.assign(session!.kernel!, state);
    await expect(run(() => undefined)).rejects.toThrow(sentence);
  });

  it('while a cell waits for input says so', async () => {
    Object.assign(panel.sessionContext, { _pendingInput: true });
    await expect(run(() => undefined)).rejects.toThrow(
      'waiting for your input'
    );
  });
});
