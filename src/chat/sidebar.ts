import { TranslationBundle } from '@jupyterlab/translation';
import { Message } from '@lumino/messaging';
import { ISignal, Signal } from '@lumino/signaling';
import { PanelLayout, Widget } from '@lumino/widgets';

import { codeActIcon } from '../icons';

/** Holds the chat panel in the sidebar. The panel itself is loaded when the user first opens it. */
export class ChatSidebar extends Widget {
  constructor(
    private _load: () => Promise<Widget>,
    private _trans: TranslationBundle
  ) {
    super();
    this.id = 'jp-CodeAct-sidebar';
    this.addClass('jp-CodeAct-sidebar');
    this.title.icon = codeActIcon;
    this.title.caption = _trans.__('CodeAct');
    this.node.setAttribute('role', 'region');
    this.node.setAttribute('aria-label', _trans.__('CodeAct'));
    this.layout = new PanelLayout();
  }

  /** Emitted when the sidebar comes in view. */
  get shown(): ISignal<this, void> {
    return this._shown;
  }

  /** Whether the next activation shows the panel without moving the focus to it. */
  keepsFocusAway = false;

  protected override onAfterAttach(message: Message): void {
    super.onAfterAttach(message);
    if (this.isVisible) {
      void this._open();
    }
  }

  protected override onAfterShow(message: Message): void {
    super.onAfterShow(message);
    void this._open();
    this._shown.emit();
  }

  protected override onActivateRequest(message: Message): void {
    super.onActivateRequest(message);
    if (this.keepsFocusAway) {
      this.keepsFocusAway = false;
      return;
    }
    void this._open().then(panel => panel?.activate());
  }

  private _open(): Promise<Widget | null> {
    this._opened ??= this._load().then(
      panel => {
        (this.layout as PanelLayout).addWidget(panel);
        return panel;
      },
      error => {
        console.error(error);
        this._opened = null;
        this.node.textContent = this._trans.__(
          'CodeAct could not be loaded. Reload the page.'
        );
        return null;
      }
    );
    return this._opened;
  }

  private _shown = new Signal<this, void>(this);
  private _opened: Promise<Widget | null> | null = null;
}
