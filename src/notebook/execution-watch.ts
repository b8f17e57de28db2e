import { ISessionContext } from '@jupyterlab/apputils';
import { Cell, CodeCell, ICodeCellModel } from '@jupyterlab/cells';
import { NotebookPanel } from '@jupyterlab/notebook';
import { Kernel, KernelMessage } from '@jupyterlab/services';
import { PromiseDelegate } from '@lumino/coreutils';
import { IDisposable } from '@lumino/disposable';
import { Signal } from '@lumino/signaling';

import { findCell } from './cells';

const LOST: Kernel.Status[] = [
  'restarting',
  'autorestarting',
  'dead',
  'terminating'
];

/**
 * Watches one execution of a cell.
 *
 * It notices when the kernel is lost during the execution, and it follows a cell that the user moves meanwhile: to
 * move a cell, JupyterLab deletes it and inserts a copy, which would get neither the further outputs nor the count.
 */
export class ExecutionWatch implements IDisposable {
  constructor(
    private _panel: NotebookPanel,
    private _cell: Cell
  ) {
    const session = _panel.sessionContext;
    this._kernelId = session.session?.kernel?.id;
    session.statusChanged.connect(this._onStatus, this);
    session.connectionStatusChanged.connect(this._onConnection, this);
    session.kernelChanged.connect(this._onKernelChanged, this);
    session.iopubMessage.connect(this._onIOPub, this);
    _panel.content.model?.cells.changed.connect(this._onCells, this);
  }

  /** Resolved when the kernel is lost, never otherwise. */
  get lost(): Promise<void> {
    return this._lost.promise;
  }

  /** Resolved when the cell is deleted, never otherwise: JupyterLab lets the execution of a deleted cell go on. */
  get deleted(): Promise<void> {
    return this._deleted.promise;
  }

  get isLost(): boolean {
    return this._isLost;
  }

  /** Resolved when the kernel has finished the execution. */
  get idle(): Promise<void> {
    return this._idle.promise;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /** The model of the cell, wherever it is now; `null` when it was deleted. */
  get model(): ICodeCellModel | null {
    const cell = this._cell.isDisposed
      ? findCell(this._panel, this._id)
      : this._cell;
    return (cell?.model as ICodeCellModel | undefined) ?? null;
  }

  /** Note which request this is, just after it was sent; returns its id if it is known. */
  noteRequest(): string | undefined {
    if (this._cell instanceof CodeCell) {
      this._request = this._cell.outputArea.future?.msg.header.msg_id;
    }
    return this._request;
  }

  dispose(): void {
    if (!this._isDisposed) {
      this._isDisposed = true;
      Signal.disconnectReceiver(this);
    }
  }

  private _onStatus(_: ISessionContext, status: Kernel.Status): void {
    // A kernel that starts during an execution is not the one that was asked to run it.
    if (LOST.includes(status) || (status === 'starting' && this._hasBegun)) {
      this._lose();
    }
  }

  private _onConnection(_: unknown, status: Kernel.ConnectionStatus): void {
    if (status === 'disconnected') {
      this._lose();
    }
  }

  private _onKernelChanged(session: ISessionContext): void {
    if (session.session?.kernel?.id !== this._kernelId) {
      this._lose();
    }
  }

  private _onCells(): void {
    // Only once the change is complete: moving a cell means deleting and inserting it.
    void Promise.resolve().then(() => {
      if (!this.model) {
        this._deleted.resolve();
      }
    });
  }

  private _lose(): void {
    this._isLost = true;
    this._lost.resolve();
  }

  private _onIOPub(_: unknown, message: KernelMessage.IMessage): void {
    const parent = message.parent_header as Partial<KernelMessage.IHeader>;
    if (!this._request || parent.msg_id !== this._request) {
      return;
    }
    this._hasBegun = true;
    const type = message.header.msg_type as string;
    if (type === 'execute_input') {
      this._count = (
        message.content as KernelMessage.IExecuteInputMsg['content']
      ).execution_count;
    }
    const model = this._cell.isDisposed ? this.model : null;
    if (model) {
      this._adopt(model, type, message.content as Record<string, unknown>);
    }
    if (
      type === 'status' &&
      (message.content as KernelMessage.IStatusMsg['content'])
        .execution_state === 'idle'
    ) {
      this._idle.resolve();
    }
  }

  /** Do for a moved cell what its output area would have done. */
  private _adopt(
    model: ICodeCellModel,
    type: string,
    content: Record<string, unknown>
  ): void {
    const isIdle = type === 'status' && content.execution_state === 'idle';
    model.executionState = isIdle ? 'idle' : 'running';
    switch (type) {
      case 'stream':
      case 'display_data':
      case 'execute_result':
      case 'error':
        model.outputs.add({ ...content, output_type: type });
        break;
      case 'clear_output':
        model.outputs.clear(content.wait as boolean);
        break;
      case 'status':
        model.executionCount = this._count;
        break;
    }
  }

  private _count: number | null = null;
  private _deleted = new PromiseDelegate<void>();
  private _hasBegun = false;
  private _id = this._cell.model.id;
  private _idle = new PromiseDelegate<void>();
  private _isDisposed = false;
  private _isLost = false;
  private _kernelId: string | undefined;
  private _lost = new PromiseDelegate<void>();
  private _request: string | undefined;
}
