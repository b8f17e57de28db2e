import { ReactWidget } from '@jupyterlab/ui-components';
import { Message } from '@lumino/messaging';
import * as React from 'react';

import { Chat } from './components/chat';
import { IPanelContext, PanelProvider } from './components/context';
import { DropZone } from './drop-zone';

/** The chat panel: React draws the model. */
export class ChatPanel extends ReactWidget {
  constructor(private _options: Omit<IPanelContext, 'focusComposer'>) {
    super();
    this.addClass('jp-CodeAct-panel');
    this._drop = new DropZone(this.node, _options.model);
    _options.settings?.changed.connect(this._onSettings, this);
    this._onSettings();
  }

  override dispose(): void {
    this._drop.dispose();
    super.dispose();
  }

  protected override render(): React.JSX.Element {
    return (
      <PanelProvider value={this._context}>
        <Chat />
      </PanelProvider>
    );
  }

  protected override onAfterAttach(message: Message): void {
    super.onAfterAttach(message);
    this._onShown();
  }

  protected override onAfterShow(message: Message): void {
    super.onAfterShow(message);
    this._onShown();
  }

  protected override onActivateRequest(message: Message): void {
    super.onActivateRequest(message);
    void this.renderPromise?.then(() => this._context.focusComposer());
  }

  private _onShown(): void {
    const { model, settings } = this._options;
    void (settings?.ready ?? Promise.resolve()).then(() => {
      if (this.isVisible) {
        model.shown(settings?.loadModel ?? true);
      }
    });
  }

  private _onSettings(): void {
    const isHidden = this._options.settings?.showFigures === false;
    this.toggleClass('jp-mod-withoutFigures', isHidden);
  }

  private _context: IPanelContext = {
    ...this._options,
    // Only once it is drawn again, if a sheet was over it.
    focusComposer: () => {
      window.requestAnimationFrame(() =>
        this.node.querySelector('textarea')?.focus()
      );
    }
  };
  private _drop: DropZone;
}
