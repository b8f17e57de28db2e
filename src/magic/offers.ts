import { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';
import { Kernel } from '@jupyterlab/services';
import { JSONObject } from '@lumino/coreutils';
import { IDisposable } from '@lumino/disposable';
import { Signal } from '@lumino/signaling';

import { Ask } from '../protocol';
import { IConnection } from '../tokens';
import { IRunData } from './run-data';
import { RunOutputs } from './run-outputs';

/** The name of the comms between `%codeact` in a kernel and this page. */
const TARGET = 'jupyter-codeact';

const MODES = ['ask', 'ask-if-risky', 'auto'];

/**
 * Takes up what `%codeact` in a kernel offers to the page.
 *
 * The kernel offers on a comm of its own, where only it speaks; the page answers on one that it opens, because such
 * an answer reaches the kernel while the cell still runs. What a page has accepted it does when the kernel says so.
 * Of several pages that show a notebook, the one that executed the cell accepts.
 */
export class Offers implements IDisposable {
  constructor(private _options: Offers.IOptions) {
    const { outputs, tracker } = _options;
    tracker.widgetAdded.connect((_, panel) => this._add(panel), this);
    tracker.forEach(panel => this._add(panel));
    outputs.changed.connect(this._onRun, this);
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    if (!this._isDisposed) {
      this._isDisposed = true;
      Signal.clearData(this);
    }
  }

  private _add(panel: NotebookPanel): void {
    const { sessionContext } = panel;
    sessionContext.kernelChanged.connect((_, { newValue }) => {
      this._listen(panel, newValue);
    }, this);
    this._listen(panel, sessionContext.session?.kernel ?? null);
  }

  private _listen(
    panel: NotebookPanel,
    kernel: Kernel.IKernelConnection | null
  ): void {
    // Nothing is awaited in here: until it returns, no other message of the kernel is handled.
    kernel?.registerCommTarget(TARGET, (comm, message) => {
      const data = message.content.data as JSONObject;
      if (this._isDisposed || this._options.connection.state !== 'open') {
        return;
      }
      const executedHere =
        (message.parent_header as JSONObject).session === kernel.clientId;
      if (data.hello) {
        void this._answer(kernel, { hello: true });
      } else if (data.offer && executedHere) {
        this._accept(panel, kernel, comm, data);
      }
    });
  }

  private _accept(
    panel: NotebookPanel,
    kernel: Kernel.IKernelConnection,
    comm: Kernel.IComm,
    { offer, cell }: JSONObject
  ): void {
    const id = String(offer);
    comm.onMsg = ({ content }) => {
      const data = content.data as JSONObject;
      const { localPath: notebook } = panel.context;
      const { connection, outputs } = this._options;
      if (data.go === id) {
        this._begin(panel, id, String(cell), data);
      } else if (data.stop === id) {
        connection.send({ type: 'stop', notebook });
      } else if (data.undo === id) {
        connection.send({ type: 'undo', notebook, run: outputs.runOf(id) });
      }
    };
    this._answer(kernel, { accept: id }).then(
      answer => this._answers.set(id, answer),
      console.warn
    );
  }

  /** Say something to the kernel that it hears while it runs a cell, if it can. */
  private async _answer(
    kernel: Kernel.IKernelConnection,
    data: JSONObject
  ): Promise<Kernel.IComm> {
    const comm = kernel.createComm(TARGET);
    if (kernel.supportsSubshells) {
      // Not in the interface, and not in every JupyterLab: then the kernel hears it after the cell.
      await (comm as { subshellStarted?: Promise<void> }).subshellStarted;
    }
    comm.open(data);
    return comm;
  }

  private _begin(
    panel: NotebookPanel,
    id: string,
    below: string,
    wish: JSONObject
  ): void {
    const { connection, outputs } = this._options;
    const notebook = panel.context.localPath;
    const task = String(wish.task);
    outputs.expect(notebook, { version: 1, id, task, state: 'handed' });
    connection.send({
      type: 'ask',
      notebook,
      task,
      attachments: [],
      replaces: null,
      model: typeof wish.model === 'string' ? wish.model : null,
      mode: (MODES.includes(String(wish.mode))
        ? wish.mode
        : null) as Ask['mode'],
      below,
      max_turns: typeof wish.max_turns === 'number' ? wish.max_turns : null
    });
  }

  /** Let the kernel know how a run is, for `%codeact --status` and `--history`. */
  private _onRun(_: RunOutputs, run: IRunData): void {
    const answer = this._answers.get(run.id);
    if (answer && !answer.isDisposed) {
      const { state, answer: said = '', message = '' } = run;
      answer.send({ state, answer: said, message });
      if (state === 'ended' || state === 'refused') {
        this._answers.delete(run.id);
      }
    }
  }

  private _answers = new Map<string, Kernel.IComm>();
  private _isDisposed = false;
}

export namespace Offers {
  export interface IOptions {
    connection: IConnection;
    outputs: RunOutputs;
    tracker: INotebookTracker;
  }
}
