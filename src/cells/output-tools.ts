import { Cell, isCodeCellModel } from '@jupyterlab/cells';
import { NotebookPanel } from '@jupyterlab/notebook';
import { TranslationBundle } from '@jupyterlab/translation';

/** What the user can do about an output. */
export interface IOutputActions {
  explainOutput(): void;
  askAbout(): void;
}

/**
 * Buttons at the output under the mouse, or else at that of the active cell.
 *
 * There is one for the whole notebook, which moves: a notebook may have hundreds of outputs.
 */
export class OutputTools {
  constructor(options: OutputTools.IOptions) {
    const { panel, trans } = options;
    const { content } = panel;
    this._node = document.createElement('div');
    this._node.className = 'jp-CodeAct-outputTools';
    this._node.setAttribute('role', 'toolbar');
    this._node.setAttribute('aria-label', trans.__('About this output'));
    this._addButton(
      trans.__('Explain'),
      trans.__('Let CodeAct say what this output shows'),
      cell => options.actions(cell).explainOutput()
    );
    this._addButton(
      trans.__('Fix…'),
      trans.__('Say what is wrong, and let CodeAct change this cell'),
      cell => options.change(cell)
    );
    this._addButton(
      trans.__('Ask…'),
      trans.__('Ask CodeAct about this output'),
      cell => options.actions(cell).askAbout()
    );
    content.node.addEventListener('mouseover', ({ target }) => {
      const host = (target as HTMLElement).closest('.jp-Cell-outputWrapper');
      if (host && host === this._node.parentNode) {
        return;
      }
      const over = host?.closest('.jp-Cell');
      const cell = content.widgets.find(({ node }) => node === over);
      this._show(cell ?? content.activeCell);
    });
    content.activeCellChanged.connect((_, cell) => this._show(cell));
  }

  private _addButton(
    label: string,
    hint: string,
    act: (cell: Cell) => void
  ): void {
    const button = document.createElement('button');
    button.className = 'jp-Button jp-mod-minimal';
    button.textContent = label;
    button.title = hint;
    button.addEventListener('click', () => {
      if (this._cell && !this._cell.isDisposed) {
        act(this._cell);
      }
    });
    this._node.appendChild(button);
  }

  private _show(cell: Cell | null): void {
    // Outputs may come later, and an error, which has buttons of its own: the style sheet hides these as long.
    const host =
      cell && isCodeCellModel(cell.model)
        ? cell.node.querySelector('.jp-Cell-outputWrapper')
        : null;
    if (!host) {
      this._cell = null;
      this._node.remove();
    } else if (this._node.parentNode !== host) {
      this._cell = cell;
      host.appendChild(this._node);
    }
  }

  private _cell: Cell | null = null;
  private _node: HTMLElement;
}

export namespace OutputTools {
  export interface IOptions {
    actions: (cell: Cell) => IOutputActions;
    /** Ask what is to be changed in a cell. */
    change: (cell: Cell) => void;
    panel: NotebookPanel;
    trans: TranslationBundle;
  }
}
