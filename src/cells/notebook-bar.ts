import { NotebookPanel } from '@jupyterlab/notebook';
import { ReactWidget } from '@jupyterlab/ui-components';
import { Message } from '@lumino/messaging';

/** A bar above a notebook's cells. Who uses a button of it that then goes away is at the active cell again. */
export abstract class NotebookBar extends ReactWidget {
  constructor(protected readonly panel: NotebookPanel) {
    super();
    this.node.addEventListener('click', ({ target }) => {
      this._used = (target as Element).closest('button');
    });
  }

  protected override onUpdateRequest(message: Message): void {
    super.onUpdateRequest(message);
    void this.renderPromise?.then(() => this._leadBack());
  }

  private _leadBack(): void {
    if (this.isDisposed || !this._used) {
      return;
    }
    if (!this._used.isConnected || this.isHidden) {
      this._used = null;
      const { activeElement, body } = document;
      if (activeElement === body || this.node.contains(activeElement)) {
        this.panel.content.activate();
      }
    }
  }

  /** The button used last. */
  private _used: Element | null = null;
}
