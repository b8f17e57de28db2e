import { Cell } from '@jupyterlab/cells';
import { NotebookPanel } from '@jupyterlab/notebook';
import { TranslationBundle } from '@jupyterlab/translation';
import { IDisposable } from '@lumino/disposable';
import { Signal } from '@lumino/signaling';

import { kernelOf } from '../notebook/kernel';
import { NotebookSession } from '../session/session';
import { ISessions } from '../session/sessions';
import { CellMarks, ICellActions } from './cell-marks';
import { partsFor, viewOf } from './cell-view';

/** What is drawn at the cells of one notebook. */
export class NotebookMarks implements IDisposable {
  constructor(private _options: NotebookMarks.IOptions) {
    const { panel, sessions } = _options;
    const { content, sessionContext } = panel;
    sessions.changed.connect(this._onChanged, this);
    content.modelChanged.connect(this._onModelChanged, this);
    sessionContext.kernelChanged.connect(this._update, this);
    panel.disposed.connect(this.dispose, this);
    this._onModelChanged();
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    if (!this._isDisposed) {
      this._isDisposed = true;
      this._marks.forEach(marks => marks.dispose());
      this._marks.clear();
      Signal.disconnectReceiver(this);
    }
  }

  private _onChanged(_: ISessions, { path, state }: NotebookSession): void {
    if (path !== this._path) {
      return;
    }
    const parts = partsFor(state);
    if (parts.some((part, index) => part !== this._parts[index])) {
      this._parts = parts;
      this._update();
    }
  }

  private _onModelChanged(): void {
    // After the notebook's own slot, which makes the widgets of new cells.
    this._options.panel.content.model?.cells.changed.connect(
      this._update,
      this
    );
    this._update();
  }

  private _update(): void {
    const { panel } = this._options;
    if (panel.isDisposed) {
      return;
    }
    for (const [cell, marks] of this._marks) {
      if (marks.isDisposed) {
        this._marks.delete(cell);
      }
    }
    for (const cell of panel.content.widgets) {
      if (!this._marks.has(cell)) {
        this._marks.set(cell, this._newMarks(cell));
      }
      this._show(cell);
    }
  }

  private _newMarks(cell: Cell): CellMarks {
    const { actions, panel, sessions, trans } = this._options;
    return new CellMarks({
      cell,
      actions: actions(panel, cell),
      refresh: () => this._show(cell),
      onEdited: () =>
        sessions.actions(this._path, 'notebook').forgetCheckOf(cell.model.id),
      trans
    });
  }

  private _show(cell: Cell): void {
    const { panel, sessions } = this._options;
    if (!cell.isDisposed) {
      const { state } = sessions.get(this._path);
      const language = kernelOf(panel)?.language ?? '';
      const isPython = language.toLowerCase() === 'python';
      this._marks
        .get(cell)
        ?.show(
          viewOf(cell.model, state, isPython && cell.model.type === 'code')
        );
    }
  }

  private get _path(): string {
    return this._options.panel.context.localPath;
  }

  private _isDisposed = false;
  private _marks = new Map<Cell, CellMarks>();
  /** What of the session was drawn last. */
  private _parts: readonly unknown[] = [];
}

export namespace NotebookMarks {
  export interface IOptions {
    actions: (panel: NotebookPanel, cell: Cell) => ICellActions;
    panel: NotebookPanel;
    sessions: ISessions;
    trans: TranslationBundle;
  }
}
