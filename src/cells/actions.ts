import { Cell } from '@jupyterlab/cells';
import { NotebookPanel } from '@jupyterlab/notebook';
import { TranslationBundle } from '@jupyterlab/translation';

import { isProtected, setProtected } from '../notebook/metadata';
import { Attachment } from '../protocol';
import { SessionActions } from '../session/actions';
import {
  cellAttachment,
  cellName,
  imageAttachment,
  reattached,
  textAttachment
} from '../session/attachments';
import { changeAt, ICellChange } from '../session/changes';
import { Reviews } from '../session/reviews';
import { lastRunOf, waitingCell } from '../session/selectors';
import { ISessions } from '../session/sessions';
import { ISessionState } from '../session/state';
import { IAskOptions, IChat, INotebooks } from '../tokens';
import { ICellActions } from './cell-marks';
import { canBeFixed, errorOf } from './cell-view';
import { IChangeActions } from './components/change-bar';
import { outputOf } from './output-of';
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
    return canBeFixed(this._cell.model);
  }

  /** What a run has changed here, to be kept or undone. */
  get changed(): ICellChange | null {
    return changeAt(this._state, this._id);
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

  readonly change: IChangeActions = {
    keep: () => this._settle(({ run }) => this._actions.keep(run, [this._id])),
    undo: () => this._settle(({ run }) => this._actions.undo(run, [this._id])),
    redo: () => this._settle(({ run }) => this._actions.redo(run, [this._id])),
    again: () => this._again(),
    step: by => {
      const { reviewing } = this._state;
      if (reviewing) {
        this._options.review.step(this._path, by, this._id);
      }
    }
  };

  fix(): void {
    const { trans } = this._options;
    const error = errorOf(this._cell.model) ?? '';
    this._ask(
      // The error's name comes from an output: only a plain name may become part of the task.
      /^\w{1,60}$/.test(error)
        ? trans.__('Fix the %1 in this cell.', error)
        : trans.__('Fix the error in this cell.'),
      { target: this._id }
    );
  }

  explain(): void {
    const { trans } = this._options;
    this._ask(
      errorOf(this._cell.model) !== null
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
      const attachments = [...this._attachments(), ...this._outputs()];
      attachments.forEach(each => chat.attach(each));
    } else {
      open();
    }
  }

  /** Let CodeAct say what the output shows. */
  explainOutput(): void {
    const { trans } = this._options;
    this._ask(
      trans.__(
        'Explain what the output of this cell shows. Only explain, change nothing.'
      ),
      {},
      this._outputs()
    );
  }

  /** Let the cells of the next task go below this one, or into it if it is empty. */
  choosePlace(): void {
    this._actions.choosePlace(this._id);
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
      // As after any cell that the user runs; who types on in it does not want the page to follow the agent.
      this._panel.content.mode = 'command';
      this._actions.resolveApproval(approved, rest);
    }
  }

  private _ask(
    task: string,
    options: IAskOptions = {},
    more: Attachment[] = []
  ): void {
    const { chat, open } = this._options;
    const attachments = [...this._attachments(), ...more];
    const here = { below: this._id, ...options };
    if (chat) {
      chat.open(this._path);
      chat.ask(task, attachments, here);
    } else {
      open();
      this._actions.ask({ task, attachments, replaces: null }, here);
    }
  }

  /** Do something about what a run has changed here, and leave the focus at the cell. */
  private _settle(how: (change: ICellChange) => void): void {
    const { changed } = this;
    if (changed) {
      how(changed);
      // The button goes away; the focus should not.
      (document.activeElement as HTMLElement | null)?.blur();
      this._panel.content.activate();
    }
  }

  private _again(): void {
    const { changed } = this;
    const { messages } = this._state.conversation;
    const asked = messages.find(({ id }) => id === changed?.run);
    if (changed && asked) {
      this._actions.ask({
        task: asked.body,
        attachments: reattached(asked.attachments ?? [], this._path),
        replaces: changed.run
      });
    }
  }

  /** What the cell shows: its text, and its last picture. */
  private _outputs(): Attachment[] {
    const { notebooks, trans } = this._options;
    const cells = notebooks.cells(this._path);
    const name = cellName(
      cells.findIndex(({ id }) => id === this._id),
      trans
    );
    const { image, text } = outputOf(this._cell.model) ?? {};
    return [
      ...(text ? [textAttachment(trans.__('output of %1', name), text)] : []),
      ...(image
        ? [imageAttachment(trans.__('picture of %1', name), image)]
        : [])
    ];
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
    review: Reviews;
    sessions: ISessions;
    showChanges: (changes: IChanges) => void;
    trans: TranslationBundle;
  }
}
