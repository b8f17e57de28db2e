import { INotebookCellExecutor, NotebookPanel } from '@jupyterlab/notebook';
import { TranslationBundle } from '@jupyterlab/translation';
import { IDisposable } from '@lumino/disposable';
import { Signal } from '@lumino/signaling';

import {
  DeleteCell,
  Done,
  FromServer,
  ReadCell,
  ReadState,
  RestoreCell,
  RunCell,
  WriteCell
} from '../protocol';
import { IConnection, ISettings } from '../tokens';
import {
  deleteCell,
  readCell,
  readState,
  restoreCell,
  writeCell
} from './cells';
import { follow, isFollowed } from './follow';
import { runCell } from './run';
import { UserError } from './user-error';

type Command =
  ReadState | ReadCell | WriteCell | RestoreCell | RunCell | DeleteCell;
type Result = Partial<Pick<Done, 'state' | 'cell' | 'cell_id' | 'execution'>>;

/** Carries out what the server asks of the notebooks on this page, for each notebook one thing after the other. */
export class NotebookCommands implements IDisposable {
  constructor(private _options: NotebookCommands.IOptions) {
    _options.connection.received.connect(this._onReceived, this);
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

  private _onReceived(_: IConnection, message: FromServer): void {
    switch (message.type) {
      case 'read_state':
      case 'read_cell':
      case 'write_cell':
      case 'restore_cell':
      case 'run_cell':
      case 'delete_cell': {
        const panel = this._options.find(message.notebook);
        const before = (panel && this._last.get(panel)) ?? Promise.resolve();
        const answered = before.then(() => this._answer(message, panel));
        if (panel) {
          this._last.set(panel, answered);
        }
        break;
      }
      default:
        break; // the chat's
    }
  }

  private async _answer(
    command: Command,
    panel: NotebookPanel | null
  ): Promise<void> {
    const { connection, trans } = this._options;
    const { id } = command;
    try {
      const closed = trans.__(
        '“%1” is not open any more. Open it, then ask again.',
        command.notebook
      );
      if (!panel || panel.isDisposed) {
        throw new UserError(closed);
      }
      const closedNow = new UserError(closed, command.type === 'run_cell');
      const result = await Promise.race([
        this._carryOut(command, panel),
        new Promise<never>((_, reject) =>
          panel.disposed.connect(() => reject(closedNow))
        )
      ]);
      connection.send({
        type: 'done',
        id,
        state: null,
        cell: null,
        cell_id: null,
        execution: null,
        ...result
      });
    } catch (error) {
      if (!(error instanceof UserError)) {
        console.error(error);
      }
      connection.send({
        type: 'failed',
        id,
        message: error instanceof Error ? error.message : String(error),
        running: error instanceof UserError && error.cellRuns
      });
    }
  }

  private async _carryOut(
    command: Command,
    panel: NotebookPanel
  ): Promise<Result> {
    const { executor, settings, trans } = this._options;
    await panel.context.ready;
    switch (command.type) {
      case 'read_state':
        return { state: readState(panel, command, trans) };
      case 'read_cell':
        return { cell: readCell(panel, command, trans) };
      case 'restore_cell':
        restoreCell(panel, command);
        return {};
      case 'write_cell': {
        await panel.revealed;
        const followed =
          settings.followCell &&
          isFollowed(panel, command.cell_id ?? command.after);
        const cell_id = writeCell(panel, command);
        if (followed) {
          follow(panel, cell_id);
        }
        return { cell_id };
      }
      case 'run_cell': {
        const execution = await runCell(panel, command, executor, trans);
        if (settings.followCell && isFollowed(panel, command.cell_id)) {
          follow(panel, command.cell_id);
        }
        return { execution };
      }
      case 'delete_cell':
        deleteCell(panel, command);
        return {};
    }
  }

  private _isDisposed = false;
  private _last = new WeakMap<NotebookPanel, Promise<void>>();
}

export namespace NotebookCommands {
  export interface IOptions {
    connection: IConnection;
    executor: INotebookCellExecutor;
    /** The panel that shows the notebook of this path. */
    find: (path: string) => NotebookPanel | null;
    settings: Pick<ISettings, 'followCell'>;
    trans: TranslationBundle;
  }
}
