import { ReactWidget } from '@jupyterlab/ui-components';
import { Message } from '@lumino/messaging';
import * as React from 'react';

import { Chat } from './components/chat';
import { IPanelContext, PanelProvider } from './components/context';

/** The chat panel: React draws what the model holds. */
export class ChatPanel extends ReactWidget {
  constructor(private _context: IPanelContext) {
    super();
    this.addClass('jp-CodeAct-panel');
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
}
