import { NotebookPanel } from '@jupyterlab/notebook';

import { findCell, indexOf } from './cells';

/**
 * Whether the user is looking at a cell (the last one for `null`) without typing in the notebook.
 *
 * Only then may the page scroll along with the agent.
 */
export function isFollowed(
  panel: NotebookPanel,
  cellId: string | null
): boolean {
  const { content } = panel;
  const isTyping =
    content.mode === 'edit' && content.node.contains(document.activeElement);
  if (!panel.isVisible || isTyping) {
    return false;
  }
  const cell =
    cellId === null
      ? content.widgets[content.widgets.length - 1]
      : findCell(panel, cellId);
  if (!cell?.isAttached) {
    return false;
  }
  const view = content.outerNode.getBoundingClientRect();
  const box = cell.node.getBoundingClientRect();
  return box.bottom > view.top && box.top < view.bottom;
}

/** Bring a cell into view, with as little scrolling as needed. */
export function follow(panel: NotebookPanel, cellId: string): void {
  const index = indexOf(panel, cellId);
  if (index >= 0) {
    // A cell of a long notebook may not be drawn for many seconds after it was opened.
    panel.content.renderCellOutputs(index);
    panel.content.scrollToItem(index).catch(() => {
      // Another scroll has taken its place, which is then the one wanted.
    });
  }
}
