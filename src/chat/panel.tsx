import { ReactWidget } from '@jupyterlab/ui-components';
import { Message } from '@lumino/messaging';
import * as React from 'react';

import { Chat } from './components/chat';
import { IPanelContext, PanelProvider } from './components/context';
import { DropZone } from './drop-zone';

/** The chat panel: React draws what the model holds. */
export class ChatPanel extends ReactWidget {
  constructor(private _context: IPanelContext) {
    super();
    this.addClass('jp-CodeAct-panel');
    this._drop = new DropZone(this.node, _context.model);
    _context.settings?.changed.connect(this._onSettings, this);
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

  protected override onActivateRequest(message: Message): void {
    super.onActivateRequest(message);
    void this.renderPromise?.then(() =>
      this.node.querySelector('textarea')?.focus()
    );
  }

  private _onSettings(): void {
    const isHidden = this._context.settings?.showFigures === false;
    this.toggleClass('jp-mod-withoutFigures', isHidden);
  }

  private _drop: DropZone;
}
