import { INotebookCellExecutor, NotebookPanel } from '@jupyterlab/notebook';
import { TranslationBundle } from '@jupyterlab/translation';
import { IDisposable } from '@lumino/disposable';
import { Signal } from '@lumino/signaling';

import {
  DeleteCell,
  Done,
  FromServer,
  MoveCell,
  ReadCell,
  ReadState,
  RestoreCell,
  RunCell,
  WriteCell
} from '../protocol';
import { Answer, IConnection, ISettings } from '../tokens';
import {
  deleteCell,
  moveCell,
  readCell,
  readState,
  restoreCell,
  writeCell
} from './cells';
import { follow, Follower } from './follow';
import { kernelKnown } from './kernel';
import { runCell } from './run';
import { UserError } from './user-error';

type Command =
  | ReadState
  | ReadCell
  | WriteCell
  | RestoreCell
  | RunCell
  | DeleteCell
  | MoveCell;
type Result = Partial<Pick<Done, 'state' | 'cell' | 'cell_id' | 'execution'>>;

/** How many commands are remembered, so that one that comes twice is carried out once. */
const REMEMBERED = 50;

/** Carries out the server's commands in the notebooks on this page, one after the other in each notebook. */
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
      case 'delete_cell':
      case 'move_cell': {
        if (this._isKnown(message)) {
          break;
        }
        this._answers.set(message.id, null);
        for (const id of [...this._answers.keys()].slice(0, -REMEMBERED)) {
          this._answers.delete(id);
        }
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

  /** Whether a command has come before, as when the socket was lost meanwhile; its answer is repeated. */
  private _isKnown({ id }: Command): boolean {
    const answer = this._answers.get(id);
    if (answer) {
      this._options.connection.answer(answer);
    }
    return answer !== undefined;
  }

  private _send(answer: Answer): void {
    this._answers.set(answer.id, answer);
    this._options.connection.answer(answer);
  }

  private async _answer(
    command: Command,
    panel: NotebookPanel | null
  ): Promise<void> {
    const { trans } = this._options;
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
      this._send({
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
      this._send({
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
        await kernelKnown(panel, trans);
        return { state: readState(panel, command, trans) };
      case 'read_cell':
        return { cell: readCell(panel, command, trans) };
      case 'restore_cell':
        restoreCell(panel, command);
        return {};
      case 'write_cell': {
        await panel.revealed;
        const follower = this._follower(panel);
        const followed =
          settings.followCell &&
          follower.isFollowing(command.cell_id ?? command.after);
        const cell_id = writeCell(panel, command, trans);
        if (followed) {
          follow(panel, cell_id);
          follower.watch(cell_id);
        }
        return { cell_id };
      }
      case 'run_cell': {
        const { cell_id, id } = command;
        const follower = this._follower(panel);
        follower.rest();
        const execution = await runCell(
          panel,
          command,
          executor,
          trans,
          message => this._send({ type: 'began', id, message })
        );
        if (settings.followCell && follower.isFollowing(cell_id)) {
          follow(panel, cell_id);
          follower.watch(cell_id);
        }
        const state = readState(panel, { brief: true }, trans);
        return { execution, state };
      }
      case 'delete_cell':
        deleteCell(panel, command);
        return {};
      case 'move_cell':
        moveCell(panel, command, trans);
        return {};
    }
  }

  private _follower(panel: NotebookPanel): Follower {
    const follower = this._followers.get(panel) ?? new Follower(panel);
    this._followers.set(panel, follower);
    return follower;
  }

  /** The last commands, by id, and their answers so far. */
  private _answers = new Map<number, Answer | null>();
  private _followers = new WeakMap<NotebookPanel, Follower>();
  private _isDisposed = false;
  private _last = new WeakMap<NotebookPanel, Promise<void>>();
}

export namespace NotebookCommands {
  export interface IOptions {
    connection: IConnection;
    executor: INotebookCellExecutor;
    /** The panel that shows the notebook with this path. */
    find: (path: string) => NotebookPanel | null;
    settings: Pick<ISettings, 'followCell'>;
    trans: TranslationBundle;
  }
}
