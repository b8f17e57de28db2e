import { Cell, ICodeCellModel } from '@jupyterlab/cells';
import {
  INotebookCellExecutor,
  KernelError,
  NotebookPanel
} from '@jupyterlab/notebook';
import { TranslationBundle } from '@jupyterlab/translation';

import { Execution, RunCell } from '../protocol';
import { cellToRun } from './cells';
import { ExecutionWatch } from './execution-watch';
import { kernelReady } from './kernel';
import { fullOutputs, Output } from './outputs';
import { UserError } from './user-error';

/** How a cell can fail. */
type Failure = 'error' | 'interrupted';

/**
 * Run a cell the way the page runs cells, and report what came of it.
 *
 * `onBegun` is called with the id of the request to the kernel, if the page sends it itself.
 *
 * Throws a `UserError` when the cell did not get to run.
 */
export async function runCell(
  panel: NotebookPanel,
  command: RunCell,
  executor: INotebookCellExecutor,
  trans: TranslationBundle,
  onBegun: (message: string) => void
): Promise<Execution> {
  await kernelReady(panel, trans);
  const { cell_id, source } = command;
  const cell = cellToRun(panel, cell_id, source, trans);
  const watch = new ExecutionWatch(panel, cell);
  const start = performance.now();
  try {
    const executed = execute(panel, cell, executor);
    const request = watch.noteRequest();
    if (request) {
      onBegun(request);
    }
    const outcome = await Promise.race([executed, watch.lost, watch.deleted]);
    if (!watch.isLost && cell.isDisposed && watch.model) {
      // The cell was moved: the executor no longer follows it, but the kernel still runs it.
      await Promise.race([watch.idle, watch.lost, watch.deleted]);
    }
    const seconds = (performance.now() - start) / 1000;
    if (!watch.model) {
      throw new UserError(
        trans.__('The cell was deleted while CodeAct was running it.'),
        true
      );
    }
    const status = watch.isLost ? 'dead' : outcome || undefined;
    return report(watch.model, source, status, seconds, trans);
  } finally {
    watch.dispose();
  }
}

/**
 * Run a cell; returns how it ended if the executor tells, which knows the kernel's status. A failure need not
 * be an output, and an output that looks like an error need not be a failure.
 */
async function execute(
  panel: NotebookPanel,
  cell: Cell,
  executor: INotebookCellExecutor
): Promise<'ok' | Failure | undefined> {
  try {
    const succeeded = await executor.runCell({
      cell,
      notebook: panel.content.model!,
      notebookConfig: panel.content.notebookConfig,
      onCellExecutionScheduled: () => undefined,
      onCellExecuted: () => undefined,
      sessionContext: panel.sessionContext
    });
    // Of a cell that was moved meanwhile, the executor says that it did not succeed.
    return succeeded ? 'ok' : cell.isDisposed ? undefined : 'error';
  } catch (error) {
    if (!(error instanceof KernelError)) {
      throw error;
    }
    return failureOf(error.errorName);
  }
}

function failureOf(name: unknown): Failure {
  return name === 'KeyboardInterrupt' ? 'interrupted' : 'error';
}

function report(
  model: ICodeCellModel,
  source: string,
  outcome: 'ok' | Failure | 'dead' | undefined,
  seconds: number,
  trans: TranslationBundle
): Execution {
  if (model.type !== 'code') {
    return {
      status: 'ok',
      outputs: [],
      execution_count: null,
      exit_code: null,
      seconds
    };
  }
  const outputs: Output[] = model.outputs.toJSON();
  const count = model.executionCount;
  const error = outputs.find(output => output.output_type === 'error');
  if (!error && outcome !== 'dead' && count === null && source.trim()) {
    throw new UserError(
      trans.__(
        'The cell did not get to run: an error or an interrupt in another cell came before it.'
      )
    );
  }
  return {
    status:
      error && (!outcome || outcome === 'error')
        ? failureOf(error.ename)
        : (outcome ?? 'ok'),
    outputs: fullOutputs(outputs, trans),
    execution_count: count ?? null,
    exit_code: null, // the server asks the kernel for it
    seconds
  };
}
