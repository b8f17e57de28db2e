import { TranslationBundle } from '@jupyterlab/translation';
import { Message } from '@lumino/messaging';
import { ISignal, Signal } from '@lumino/signaling';
import { PanelLayout, SplitPanel, Widget } from '@lumino/widgets';

import { codeActIcon } from '../icons';

/** The least and the greatest width that the panel gets at first, in pixels, and its share of the page. */
const NARROWEST = 360;
const WIDEST = 420;
const SHARE = 0.28;
/** What that leaves of the page's largest part, in pixels: the notebook is to be read as well. */
const REST = 400;

/** Remembers whether a panel got its first width; from then on it is the user's. */
export interface IWidthMemory {
  readonly isSet: () => Promise<boolean>;
  readonly set: () => Promise<void>;
}

/** Holds the chat panel in the sidebar. The panel itself is loaded when the user first opens it. */
export class ChatSidebar extends Widget {
  constructor(
    private _load: () => Promise<Widget>,
    private _trans: TranslationBundle,
    private _width: IWidthMemory | null = null
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
    void this._widen();
  }

  protected override onActivateRequest(message: Message): void {
    super.onActivateRequest(message);
    if (this.keepsFocusAway) {
      this.keepsFocusAway = false;
      return;
    }
    void this._open().then(panel => panel?.activate());
  }

  /** The first time that there is room, make it wide enough to read in; then the width is the user's. */
  private async _widen(): Promise<void> {
    const split = splitOf(this);
    if (!split || !this._width || (await this._width.isSet())) {
      return;
    }
    // Not before the sidebar has its size.
    await new Promise(resolve => requestAnimationFrame(resolve));
    const whole = split.node.clientWidth;
    const wanted = Math.min(WIDEST, Math.max(NARROWEST, SHARE * whole));
    const sizes = split.relativeSizes();
    const own = split.widgets.findIndex(widget => widget.contains(this));
    const largest = sizes.indexOf(
      Math.max(...sizes.filter((_, index) => index !== own))
    );
    const missing = wanted / whole - sizes[own];
    const room = sizes[largest] - REST / whole;
    const more = Math.min(missing, room);
    if (more > 0) {
      sizes[own] += more;
      sizes[largest] -= more;
      split.setRelativeSizes(sizes);
    }
    if (missing <= room) {
      await this._width.set();
    }
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

/** The panel whose parts the user can make wider, with a widget in one of them. */
function splitOf(widget: Widget): SplitPanel | null {
  for (let each = widget.parent; each; each = each.parent) {
    if (each instanceof SplitPanel && each.orientation === 'horizontal') {
      return each;
    }
  }
  return null;
}
