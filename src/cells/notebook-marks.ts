import { Cell } from '@jupyterlab/cells';
import { NotebookPanel } from '@jupyterlab/notebook';
import { TranslationBundle } from '@jupyterlab/translation';
import { IDisposable } from '@lumino/disposable';
import { Signal } from '@lumino/signaling';

import { kernelOf } from '../notebook/kernel';
import { CellMarks, ICellActions } from './cell-marks';
import { viewOf } from './cell-view';
import { CellsModel } from './model';

/** What is drawn at the cells of one notebook. */
export class NotebookMarks implements IDisposable {
  constructor(private _options: NotebookMarks.IOptions) {
    const { model, panel } = _options;
    const { content, context, sessionContext } = panel;
    model.changed.connect((_, path) => {
      if (path === context.localPath) {
        this._update();
      }
    }, this);
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
    const { actions, model, panel, trans } = this._options;
    return new CellMarks({
      cell,
      actions: actions(panel, cell),
      refresh: () => this._show(cell),
      onEdited: () => model.clearCheck(panel.context.localPath, cell.model.id),
      trans
    });
  }

  private _show(cell: Cell): void {
    const { model, panel } = this._options;
    if (!cell.isDisposed) {
      const record = model.record(panel.context.localPath);
      const language = kernelOf(panel)?.language ?? '';
      const isPython = language.toLowerCase() === 'python';
      this._marks
        .get(cell)
        ?.show(
          viewOf(cell.model, record, isPython && cell.model.type === 'code')
        );
    }
  }

  private _isDisposed = false;
  private _marks = new Map<Cell, CellMarks>();
}

export namespace NotebookMarks {
  export interface IOptions {
    actions: (panel: NotebookPanel, cell: Cell) => ICellActions;
    model: CellsModel;
    panel: NotebookPanel;
    trans: TranslationBundle;
  }
}
