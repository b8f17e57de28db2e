import { Cell } from '@jupyterlab/cells';
import { NotebookPanel } from '@jupyterlab/notebook';
import { TranslationBundle } from '@jupyterlab/translation';

import { Attachment } from '../protocol';
import { IChat, IConnection, INotebooks } from '../tokens';
import { ICellActions } from './cell-marks';
import { errorOf } from './cell-view';
import { isProtected, setProtected } from './metadata';
import { CellsModel } from './model';
import { runOf } from './record';
import { IChanges } from './show-changes';

/** What the user does at one cell, by whatever way they come to it. */
export class CellActions implements ICellActions {
  constructor(
    private _options: CellActions.IOptions,
    private _panel: NotebookPanel,
    private _cell: Cell
  ) {}

  get isWaiting(): boolean {
    const { waiting } = this._options.model.record(this._path);
    return waiting?.cellId === this._id && !waiting.decided;
  }

  get isFailed(): boolean {
    return errorOf(this._cell.model) !== null;
  }

  get isProtected(): boolean {
    return isProtected(this._cell.model);
  }

  get hasChanges(): boolean {
    return runOf(this._options.model.record(this._path), this._id) !== null;
  }

  approve(): void {
    this._decide(true, false);
  }

  approveRest(): void {
    this._decide(true, true);
  }

  skip(): void {
    this._decide(false, false);
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
      // What the error is called comes from an output: only a plain name of it may become a part of the task.
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

  /** Let the user ask something of their own about the cell. */
  askAbout(): void {
    const { chat, open } = this._options;
    if (chat) {
      chat.open(this._path);
      chat.attach(this._attachment());
    } else {
      open();
    }
  }

  toggleProtected(): void {
    setProtected(this._cell.model, !this.isProtected);
  }

  showChanges(): void {
    const { model, showChanges } = this._options;
    const run = runOf(model.record(this._path), this._id);
    if (run) {
      showChanges({
        run,
        before: run.before.get(this._id) ?? null,
        now: this._cell.model.sharedModel.getSource(),
        mimeType: this._cell.model.mimeType,
        undo: () => model.undo(this._path, run.id)
      });
    }
  }

  private get _id(): string {
    return this._cell.model.id;
  }

  private get _path(): string {
    return this._panel.context.localPath;
  }

  private _decide(approved: boolean, rest: boolean): void {
    if (this.isWaiting) {
      const source = this._cell.model.sharedModel.getSource();
      this._options.model.decide(this._path, { approved, source, rest });
    }
  }

  private _ask(task: string): void {
    const { chat, connection, open } = this._options;
    if (chat) {
      chat.open(this._path);
      chat.ask(task, [this._attachment()], this._id);
      return;
    }
    open();
    connection.send({
      type: 'ask',
      notebook: this._path,
      task,
      attachments: [this._attachment()],
      replaces: null,
      model: null,
      mode: null,
      max_turns: null,
      below: this._id
    });
  }

  private _attachment(): Attachment {
    const brief = this._options.notebooks
      .cells(this._path)
      .find(({ id }) => id === this._id);
    return {
      kind: 'cell',
      name: brief?.label ?? '',
      text: this._cell.model.sharedModel.getSource(),
      cell_id: this._id,
      path: null,
      image: null
    };
  }
}

export namespace CellActions {
  export interface IOptions {
    chat: IChat | null;
    connection: IConnection;
    model: CellsModel;
    notebooks: INotebooks;
    /** Show the chat's panel, where there is no more to be had of it. */
    open: () => void;
    showChanges: (changes: IChanges) => void;
    trans: TranslationBundle;
  }
}
