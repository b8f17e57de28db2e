import { Cell, CodeCell } from '@jupyterlab/cells';
import { CodeMirrorEditor } from '@jupyterlab/codemirror';
import { TranslationBundle } from '@jupyterlab/translation';
import { ReactWidget } from '@jupyterlab/ui-components';
import { IDisposable } from '@lumino/disposable';
import { Signal } from '@lumino/signaling';
import { Panel, PanelLayout, Widget } from '@lumino/widgets';
import * as React from 'react';

import { ICellView, isSame } from './cell-view';
import { ApprovalBar, IApproval } from './components/approval-bar';
import { ChangeBar, IChangeActions } from './components/change-bar';
import { ErrorActions } from './components/error-actions';
import { Marks } from './components/marks';

/** What the user can do at a cell. */
export interface ICellActions extends IApproval {
  readonly change: IChangeActions;
  fix(): void;
  explain(): void;
  showChanges(): void;
}

/** The places in a cell where CodeAct draws something. */
type Place = 'cellMarks' | 'cellApproval' | 'cellError' | 'cellChange';

/**
 * What is drawn at one cell.
 *
 * Its widgets live in the cell's own layout, so that they come and go with the cell when it is scrolled out of view,
 * moved or deleted; they are made when there is something to show for the first time.
 */
export class CellMarks implements IDisposable {
  constructor(private _options: CellMarks.IOptions) {
    const { cell, refresh } = _options;
    cell.model.metadataChanged.connect(refresh, this);
    if (cell instanceof CodeCell) {
      cell.model.outputs.changed.connect(refresh, this);
    }
    cell.model.sharedModel.changed.connect(this._onChanged, this);
    cell.disposed.connect(this.dispose, this);
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    if (!this._isDisposed) {
      this._isDisposed = true;
      this._hideDiff();
      this._widgets.forEach(widget => widget.dispose());
      this._widgets.clear();
      Signal.disconnectReceiver(this);
    }
  }

  show(view: ICellView): void {
    const { cell } = this._options;
    if (isSame(this._view, view)) {
      return;
    }
    this._view = view;
    cell.toggleClass('jp-CodeAct-cellWaiting', view.waiting !== null);
    cell.toggleClass('jp-CodeAct-cellWorking', view.isWorking);
    cell.toggleClass('jp-CodeAct-cellProtected', view.isProtected);
    if (cell.isPlaceholder()) {
      // The cell's parts are made when it first comes into view.
      void cell.ready.then(() => this._draw());
    } else {
      this._draw();
    }
  }

  private _draw(): void {
    const { actions, cell, trans } = this._options;
    const view = this._view;
    if (this._isDisposed || !view) {
      return;
    }
    const { change, check, isFailed, isProtected, isWorking, waiting } = view;
    const hasMarks =
      !!check || isProtected || isWorking || view.isSkipped || !!view.written;
    this._compare(view.before);
    cell.toggleClass('jp-CodeAct-cellMarked', hasMarks);
    this._put(
      'cellMarks',
      hasMarks && (
        <Marks
          view={view}
          trans={trans}
          showChanges={() => actions.showChanges()}
        />
      )
    );
    this._put(
      'cellApproval',
      waiting && (
        <ApprovalBar approval={actions} waiting={waiting} trans={trans} />
      )
    );
    this._put(
      'cellError',
      isFailed && (
        <ErrorActions
          fix={() => actions.fix()}
          explain={() => actions.explain()}
          trans={trans}
        />
      )
    );
    this._put(
      'cellChange',
      change && (
        <ChangeBar actions={actions.change} change={change} trans={trans} />
      )
    );
  }

  /** Show in the editor what the cell held before; `null` shows it no more. */
  private _compare(before: string | null): void {
    if (before === this._before) {
      return;
    }
    this._before = before;
    this._hideDiff();
    const { editor } = this._options.cell;
    if (before !== null && editor instanceof CodeMirrorEditor) {
      import('./cell-diff')
        .then(({ showDiff }) => {
          if (this._before === before && !editor.isDisposed) {
            this._hideDiff();
            this._hideDiff = showDiff(editor.editor, before);
          }
        })
        .catch(error => console.error('CodeAct could not compare:', error));
    }
  }

  private _put(place: Place, content: React.JSX.Element | null | false): void {
    const there = this._widgets.get(place);
    if (!content) {
      there?.dispose();
      this._widgets.delete(place);
    } else if (there) {
      there.content = content;
    } else {
      const widget = new Drawing(place, content);
      this._widgets.set(place, widget);
      this._insert(place, widget);
    }
  }

  private _insert(place: Place, widget: Widget): void {
    const layout = this._options.cell.layout as PanelLayout;
    const indexOf = (name: string) =>
      layout.widgets.findIndex(({ node }) => node.classList.contains(name));
    const input = indexOf('jp-Cell-inputWrapper');
    if (place === 'cellMarks') {
      (layout.widgets[input] as Panel).addWidget(widget);
    } else if (place === 'cellApproval' || place === 'cellChange') {
      layout.insertWidget(input + 1, widget);
    } else {
      layout.insertWidget(indexOf('jp-Cell-outputWrapper') + 1, widget);
    }
  }

  private _onChanged(_: unknown, change: { sourceChange?: unknown }): void {
    // The result of a check is about the source that the cell had then.
    if (change.sourceChange && this._view?.check) {
      this._options.onEdited();
    }
  }

  private _before: string | null = null;
  private _hideDiff: () => void = () => undefined;
  private _isDisposed = false;
  private _view: ICellView | null = null;
  private _widgets = new Map<Place, Drawing>();
}

/** A widget that shows an element of React's. */
class Drawing extends ReactWidget {
  constructor(
    place: Place,
    private _content: React.JSX.Element
  ) {
    super();
    this.addClass(`jp-CodeAct-${place}`);
    // JupyterLab before 4.4.2 does not tell the widgets in a new cell that they are on the page.
    this.update();
  }

  set content(content: React.JSX.Element) {
    this._content = content;
    this.update();
  }

  protected override render(): React.JSX.Element {
    return this._content;
  }
}

export namespace CellMarks {
  export interface IOptions {
    cell: Cell;
    actions: ICellActions;
    /** Called when something in the cell itself has changed that is drawn here. */
    refresh: () => void;
    /** Called when anybody changes the cell's source. */
    onEdited: () => void;
    trans: TranslationBundle;
  }
}
