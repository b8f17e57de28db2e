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
    await Promise.race([executed, watch.lost, watch.deleted]);
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
    return report(watch.model, source, watch.isLost, seconds, trans);
  } finally {
    watch.dispose();
  }
}

async function execute(
  panel: NotebookPanel,
  cell: Cell,
  executor: INotebookCellExecutor
): Promise<void> {
  try {
    await executor.runCell({
      cell,
      notebook: panel.content.model!,
      notebookConfig: panel.content.notebookConfig,
      onCellExecutionScheduled: () => undefined,
      onCellExecuted: () => undefined,
      sessionContext: panel.sessionContext
    });
  } catch (error) {
    // The result is read from the cell, because executors report failures in different ways.
    if (!(error instanceof KernelError)) {
      throw error;
    }
  }
}

function report(
  model: ICodeCellModel,
  source: string,
  isLost: boolean,
  seconds: number,
  trans: TranslationBundle
): Execution {
  if (model.type !== 'code') {
    return { status: 'ok', outputs: [], execution_count: null, seconds };
  }
  const outputs: Output[] = model.outputs.toJSON();
  const count = model.executionCount;
  const error = outputs.find(output => output.output_type === 'error');
  if (!error && !isLost && count === null && source.trim()) {
    throw new UserError(
      trans.__(
        'The cell did not get to run: an error or an interrupt in another cell came before it.'
      )
    );
  }
  return {
    status: isLost
      ? 'dead'
      : !error
        ? 'ok'
        : error.ename === 'KeyboardInterrupt'
          ? 'interrupted'
          : 'error',
    outputs: fullOutputs(outputs, trans),
    execution_count: count ?? null,
    seconds
  };
}
