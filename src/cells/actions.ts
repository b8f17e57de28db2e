import { Cell } from '@jupyterlab/cells';
import { NotebookPanel } from '@jupyterlab/notebook';
import { TranslationBundle } from '@jupyterlab/translation';

import { isProtected, setProtected } from '../notebook/metadata';
import { Attachment } from '../protocol';
import { SessionActions } from '../session/actions';
import { cellAttachment } from '../session/attachments';
import { lastRunOf, waitingCell } from '../session/selectors';
import { ISessions } from '../session/sessions';
import { ISessionState } from '../session/state';
import { IChat, INotebooks } from '../tokens';
import { ICellActions } from './cell-marks';
import { errorOf } from './cell-view';
import { IChanges } from './show-changes';

/** What the user does at one cell, by button, menu or key. */
export class CellActions implements ICellActions {
  constructor(
    private _options: CellActions.IOptions,
    private _panel: NotebookPanel,
    private _cell: Cell
  ) {}

  get isWaiting(): boolean {
    const waiting = waitingCell(this._state);
    return waiting?.cellId === this._id && !waiting.isResolving;
  }

  /** Whether it is a cell that waits to be run, and not a call that moves or deletes this one. */
  get isToRun(): boolean {
    return this.isWaiting && !waitingCell(this._state)?.isCall;
  }

  get isFailed(): boolean {
    return errorOf(this._cell.model) !== null;
  }

  get isProtected(): boolean {
    return isProtected(this._cell.model);
  }

  get hasChanges(): boolean {
    return lastRunOf(this._state, this._id) !== null;
  }

  approve(): void {
    this._resolve(true);
  }

  approveRest(): void {
    this._resolve(true, true);
  }

  skip(): void {
    this._resolve(false);
  }

  edit(): void {
    const { content } = this._panel;
    content.activeCellIndex = content.widgets.indexOf(this._cell);
    content.mode = 'edit';
    this._cell.editor?.focus();
  }

  fix(): void {
    const { trans } = this._options;
    const error = errorOf(this._cell.model) ?? '';
    this._ask(
      // The error's name comes from an output: only a plain name may become part of the task.
      /^\w{1,60}$/.test(error)
        ? trans.__('Fix the %1 in this cell. Rewrite the cell in place.', error)
        : trans.__('Fix the error in this cell. Rewrite the cell in place.')
    );
  }

  explain(): void {
    const { trans } = this._options;
    this._ask(
      this.isFailed
        ? trans.__(
            'Explain the error in this cell. Only explain, change nothing.'
          )
        : trans.__('Explain what this cell does. Only explain, change nothing.')
    );
  }

  /** Let the user ask a question of their own about the cell. */
  askAbout(): void {
    const { chat, open } = this._options;
    if (chat) {
      chat.open(this._path);
      this._attachments().forEach(each => chat.attach(each));
    } else {
      open();
    }
  }

  toggleProtected(): void {
    setProtected(this._cell.model, !this.isProtected);
  }

  showChanges(): void {
    const run = lastRunOf(this._state, this._id);
    if (run) {
      this._options.showChanges({
        run,
        before: run.before.get(this._id) ?? null,
        now: this._cell.model.sharedModel.getSource(),
        mimeType: this._cell.model.mimeType,
        undo: () => this._actions.undo(run.id)
      });
    }
  }

  private get _id(): string {
    return this._cell.model.id;
  }

  private get _path(): string {
    return this._panel.context.localPath;
  }

  private get _state(): ISessionState {
    return this._options.sessions.get(this._path).state;
  }

  private get _actions(): SessionActions {
    return this._options.sessions.actions(this._path, 'notebook');
  }

  private _resolve(approved: boolean, rest = false): void {
    if (this.isWaiting) {
      this._actions.resolveApproval(approved, rest);
    }
  }

  private _ask(task: string): void {
    const { chat, open } = this._options;
    const attachments = this._attachments();
    if (chat) {
      chat.open(this._path);
      chat.ask(task, attachments, this._id);
    } else {
      open();
      this._actions.ask(
        { task, attachments, replaces: null },
        { below: this._id }
      );
    }
  }

  private _attachments(): Attachment[] {
    const { notebooks, trans } = this._options;
    const cells = notebooks.cells(this._path);
    return cells
      .filter(({ id }) => id === this._id)
      .map(cell => cellAttachment(cells, cell, trans));
  }
}

export namespace CellActions {
  export interface IOptions {
    chat: IChat | null;
    notebooks: INotebooks;
    /** Show the chat's panel, if there is no `chat`. */
    open: () => void;
    sessions: ISessions;
    showChanges: (changes: IChanges) => void;
    trans: TranslationBundle;
  }
}
