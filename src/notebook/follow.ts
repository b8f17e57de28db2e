import { NotebookPanel } from '@jupyterlab/notebook';

import { findCell, indexOf } from './cells';

/** Keys with which one scrolls; the arrows go to another cell, which scrolls as well. */
const SCROLLING_KEYS = [
  'ArrowDown',
  'ArrowUp',
  'End',
  'Home',
  'PageDown',
  'PageUp'
];

/**
 * Scrolls a notebook along with the agent.
 *
 * It goes on until the user scrolls away from the cell that the agent is at, and begins again when they come back to
 * it. It never scrolls while they type in the notebook.
 */
export class Follower {
  constructor(private _panel: NotebookPanel) {
    const { node } = _panel.content;
    const onScroll = () => {
      this._hasScrolled = true;
    };
    // Only what a user does: outputs that grow, and this class itself, scroll as well.
    node.addEventListener('wheel', onScroll, { passive: true });
    node.addEventListener('touchmove', onScroll, { passive: true });
    node.addEventListener('pointerdown', ({ target }) => {
      this._hasScrolled ||= this._isScrollbar(target);
      this.rest();
    });
    node.addEventListener('keydown', ({ key }) => {
      this._hasScrolled ||= SCROLLING_KEYS.includes(key);
      this.rest();
    });
  }

  /** Whether to scroll along with the agent, which is at a cell, at the last one for `null`. */
  isFollowing(cellId: string | null): boolean {
    if (!this._panel.isVisible || this._isTyping) {
      return false;
    }
    if (this._hasScrolled && this._isInView(cellId)) {
      this._hasScrolled = false;
    }
    return !this._hasScrolled;
  }

  /**
   * Keep a cell in view while what is drawn at it makes it taller: the question whether it may run, or outputs that
   * are drawn after they came. It ends with the next cell, or when the user does anything in the notebook.
   */
  watch(cellId: string): void {
    this.rest();
    const cell = findCell(this._panel, cellId);
    if (cell) {
      this._watching = new ResizeObserver(() => {
        if (!cell.isDisposed && this.isFollowing(cellId)) {
          follow(this._panel, cellId);
        }
      });
      this._watching.observe(cell.node);
    }
  }

  /** Watch no cell any more. */
  rest(): void {
    this._watching?.disconnect();
    this._watching = null;
  }

  private get _isTyping(): boolean {
    const { content } = this._panel;
    return (
      content.mode === 'edit' && content.node.contains(document.activeElement)
    );
  }

  private _isInView(cellId: string | null): boolean {
    const { content } = this._panel;
    const cell =
      cellId === null
        ? content.widgets[content.widgets.length - 1]
        : findCell(this._panel, cellId);
    if (!cell?.isAttached) {
      return false;
    }
    const view = content.outerNode.getBoundingClientRect();
    const box = cell.node.getBoundingClientRect();
    return box.bottom > view.top && box.top < view.bottom;
  }

  private _isScrollbar(target: EventTarget | null): boolean {
    return target === this._panel.content.outerNode;
  }

  /** Whether the user may have scrolled away since the agent's cell was in view. */
  private _hasScrolled = true;
  private _watching: ResizeObserver | null = null;
}

/** Bring a cell into view, with as little scrolling as needed. */
export function show(panel: NotebookPanel, cellId: string): void {
  scrollTo(panel, cellId);
}

/** Bring a cell that the agent is at into view: its end, of one that is too tall. */
export function follow(panel: NotebookPanel, cellId: string): void {
  scrollTo(panel, cellId, 'end');
}

function scrollTo(panel: NotebookPanel, cellId: string, edge?: 'end'): void {
  const index = indexOf(panel, cellId);
  if (index >= 0) {
    // A cell of a long notebook may not be drawn for many seconds after it was opened.
    panel.content.renderCellOutputs(index);
    panel.content.scrollToItem(index, 'auto', undefined, edge).catch(() => {
      // Another scroll has taken its place, which is then the one wanted.
    });
  }
}
