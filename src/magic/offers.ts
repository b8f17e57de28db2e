import { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';
import { Kernel } from '@jupyterlab/services';
import { JSONObject } from '@lumino/coreutils';
import { IDisposable } from '@lumino/disposable';
import { Signal } from '@lumino/signaling';

import { readApproval } from '../approval';
import { ModelSettings } from '../protocol';
import { isRunning } from '../session/selectors';
import { ISessions } from '../session/sessions';
import { IConnection } from '../tokens';
import { IRunData, isOver } from './run-data';
import { RunOutputs } from './run-outputs';

/** The name of the comms between `%codeact` in a kernel and this page. */
const TARGET = 'jupyter-codeact';

/**
 * Takes up the tasks that `%codeact` in a kernel offers to the page.
 *
 * The kernel offers on a comm of its own, where only it speaks; the page answers on one that it opens, because such
 * an answer reaches the kernel while the cell still runs. A page starts what it has accepted when the kernel says so.
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
      const { sessions } = this._options;
      const actions = sessions.actions(notebook, 'notebook');
      if (data.go === id) {
        void this._begin(notebook, id, String(cell), data);
      } else if (data.stop === id) {
        actions.stop();
      } else if (data.undo === id) {
        const { handoffs } = sessions.get(notebook).state;
        actions.undo(handoffs.find(each => each.id === id)?.run);
      }
    };
    this._answer(kernel, { accept: id }).then(
      answer => this._answers.set(id, answer),
      console.warn
    );
  }

  /** Send the kernel something that reaches it while it runs a cell, if it can. */
  private async _answer(
    kernel: Kernel.IKernelConnection,
    data: JSONObject
  ): Promise<Kernel.IComm> {
    const comm = kernel.createComm(TARGET);
    if (kernel.supportsSubshells) {
      // Not in the interface, and not in every JupyterLab: without it, it arrives after the cell.
      await (comm as { subshellStarted?: Promise<void> }).subshellStarted;
    }
    comm.open(data);
    return comm;
  }

  private async _begin(
    notebook: string,
    id: string,
    cell: string,
    { approval, max_turns, mode, model, settings, task }: JSONObject
  ): Promise<void> {
    const actions = this._options.sessions.actions(notebook, 'notebook');
    actions.ask(
      {
        task: String(task),
        attachments: [],
        replaces: await this._takeBack(notebook, cell)
      },
      {
        below: cell,
        askedIn: cell,
        handoff: id,
        model: typeof model === 'string' ? model : null,
        // A kernel with the first release sends a mode.
        approval: readApproval(approval ?? mode),
        maxTurns: typeof max_turns === 'number' ? max_turns : null,
        // The server checks it, as everything that a page sends.
        settings: (settings ?? null) as ModelSettings | null
      }
    );
  }

  /**
   * Undo what a cell asked for when it was run before, so that nothing is there twice.
   *
   * Returns the run that the new one replaces in the conversation: the earlier one, unless another came after it.
   */
  private async _takeBack(
    notebook: string,
    cell: string
  ): Promise<string | null> {
    const { sessions } = this._options;
    const { state } = sessions.get(notebook);
    const { runs } = state.conversation;
    const earlier = runs.filter(({ askedIn }) => askedIn === cell).pop();
    if (!earlier || isRunning(state)) {
      return null;
    }
    if (earlier.changed && !earlier.undone) {
      const actions = sessions.actions(notebook, 'notebook');
      await actions.takeBack(earlier.id);
      if (!sessions.get(notebook).state.notices.notebook?.cells.length) {
        actions.dismissNotice();
      }
    }
    return earlier === runs[runs.length - 1] ? earlier.id : null;
  }

  /** Tell the kernel how a run is going, for `%codeact --status` and `--history`. */
  private _onRun(_: RunOutputs, run: IRunData): void {
    const answer = this._answers.get(run.id);
    if (answer && !answer.isDisposed) {
      const { state, answered = false, answer: text = '', message = '' } = run;
      answer.send({ state, answered, answer: text, message });
      if (isOver(run)) {
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
    sessions: ISessions;
    tracker: INotebookTracker;
  }
}
