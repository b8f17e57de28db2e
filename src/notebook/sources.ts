import { isCodeCellModel, MarkdownCell } from '@jupyterlab/cells';
import { NotebookPanel } from '@jupyterlab/notebook';

import { mayFetch } from '../remote';
import { ICellBrief } from '../tokens';
import { findCell, indexOf } from './cells';

/** The cells of a notebook, in order. */
export function cellsOf(panel: NotebookPanel): ICellBrief[] {
  return panel.content.widgets.map(({ model }) => ({
    id: model.id,
    type: model.type as ICellBrief['type'],
    source: model.sharedModel.getSource(),
    count: isCodeCellModel(model) ? model.executionCount : null
  }));
}

/** Insert a cell below the active one, at the end without one, and make it the active one. */
export function insertBelow(
  panel: NotebookPanel,
  source: string,
  type: 'code' | 'markdown' = 'code'
): void {
  const { content } = panel;
  const { sharedModel } = content.model!;
  const index = content.activeCell
    ? content.activeCellIndex + 1
    : sharedModel.cells.length;
  sharedModel.insertCell(index, { cell_type: type, source });
  content.deselectAll();
  content.activeCellIndex = index;
  const inserted = content.widgets[index];
  if (inserted instanceof MarkdownCell) {
    // What would be fetched stays as text, until the user wants to see it.
    inserted.rendered = !mayFetch(source);
  }
}

/** Replace the source of a cell, the active one for `null`. Returns whether there is such a cell. */
export function replaceSource(
  panel: NotebookPanel,
  cellId: string | null,
  source: string
): boolean {
  const cell =
    cellId === null ? panel.content.activeCell : findCell(panel, cellId);
  if (!cell) {
    return false;
  }
  cell.model.sharedModel.setSource(source);
  panel.content.activeCellIndex = indexOf(panel, cell.model.id);
  return true;
}

/** The selection in the active cell's editor, or else in its output. */
export function selectionOf(
  panel: NotebookPanel
): { cellId: string; text: string } | null {
  const cell = panel.content.activeCell;
  if (!cell) {
    return null;
  }
  const { editor } = cell;
  let text = '';
  if (editor) {
    const { start, end } = editor.getSelection();
    const offsets = [editor.getOffsetAt(start), editor.getOffsetAt(end)];
    text = cell.model.sharedModel
      .getSource()
      .slice(Math.min(...offsets), Math.max(...offsets));
  }
  const onPage = window.getSelection();
  if (!text && onPage && cell.node.contains(onPage.anchorNode)) {
    text = onPage.toString();
  }
  return text.trim() ? { cellId: cell.model.id, text } : null;
}
