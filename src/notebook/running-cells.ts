import { ISessionContext } from '@jupyterlab/apputils';
import { CodeCell, isCodeCellModel } from '@jupyterlab/cells';
import { NotebookPanel } from '@jupyterlab/notebook';
import { KernelMessage } from '@jupyterlab/services';

import { multiline } from '../multiline';
import { IRunningCell } from '../tokens';
import { findCell } from './cells';
import { Output } from './outputs';

/** How many of a cell's outputs are read while it runs, and how many characters of what it printed. */
const MOST_OUTPUTS = 8;
const MOST_TEXT = 10_000;

/** Sees how the cells of notebooks on this page run. */
export class RunningCells {
  /** Note from now on what a notebook's kernel works on. */
  add({ sessionContext }: NotebookPanel): void {
    sessionContext.iopubMessage.connect(this._onIOPub, this);
  }

  /** What is seen of a cell; `null` if it is not there, or no code. */
  get(panel: NotebookPanel, cellId: string): IRunningCell | null {
    const cell = findCell(panel, cellId);
    if (!(cell instanceof CodeCell) || !isCodeCellModel(cell.model)) {
      return null;
    }
    const { outputs } = cell.model;
    const shown: Output[] = [];
    const first = Math.max(0, outputs.length - MOST_OUTPUTS);
    for (let index = first; index < outputs.length; index++) {
      shown.push(brief(outputs.get(index).toJSON()));
    }
    const request = cell.outputArea.future?.msg.header.msg_id;
    const working = this._working.get(panel.sessionContext);
    const isBusy = panel.sessionContext.session?.kernel?.status === 'busy';
    return {
      outputs: shown,
      asksForInput: cell.outputArea.pendingInput,
      isQueued: isBusy && request !== undefined && working !== request
    };
  }

  private _onIOPub(
    context: ISessionContext,
    message: KernelMessage.IMessage
  ): void {
    const { msg_id } = message.parent_header as Partial<KernelMessage.IHeader>;
    const type = message.header.msg_type as string;
    if (type === 'execute_input' && msg_id) {
      this._working.set(context, msg_id);
    }
  }

  /** The request that each kernel has begun last. */
  private _working = new WeakMap<ISessionContext, string>();
}

/** An output with the end of its text only. */
function brief(output: Output): Output {
  return 'text' in output
    ? { ...output, text: multiline(output.text).slice(-MOST_TEXT) }
    : output;
}
