import { ReactWidget } from '@jupyterlab/ui-components';
import { Message } from '@lumino/messaging';
import * as React from 'react';

import { Chat } from './components/chat';
import { IPanelContext, PanelProvider } from './components/context';
import { withoutRemote } from '../remote';
import { DropZone } from './drop-zone';

/** Milliseconds in which a second Escape stops the run. */
const ESCAPE_AGAIN = 700;

/** The chat panel: React draws the model. */
export class ChatPanel extends ReactWidget {
  constructor(private _options: Omit<IPanelContext, 'focusComposer'>) {
    super();
    const { rendermime, trans } = _options;
    this._context = {
      ..._options,
      rendermime: withoutRemote(rendermime, trans),
      focusComposer: () => this._focusComposer()
    };
    this.addClass('jp-CodeAct-panel');
    this._drop = new DropZone(this.node, _options.model);
    _options.settings?.changed.connect(this._onSettings, this);
    this._onSettings();
  }

  override dispose(): void {
    this._endEscape();
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
    // After what React makes of a key: a list of suggestions takes Escape for itself.
    document.addEventListener('keydown', this._onKeyDown);
  }

  protected override onAfterShow(message: Message): void {
    super.onAfterShow(message);
    this._onShown();
  }

  protected override onBeforeDetach(message: Message): void {
    document.removeEventListener('keydown', this._onKeyDown);
    super.onBeforeDetach(message);
  }

  protected override onActivateRequest(message: Message): void {
    super.onActivateRequest(message);
    this._focusComposer();
  }

  /** Once it is drawn: for the first time, which may take React a while, or again, if a sheet was over it. */
  private _focusComposer(): void {
    window.requestAnimationFrame(() => {
      const field = this.node.querySelector<HTMLElement>(
        '.jp-CodeAct-composer textarea'
      );
      if (field) {
        field.focus();
      } else if (this.isAttached) {
        this._focusComposer();
      }
    });
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
    this.update();
  }

  /** Escape leads back to the notebook; a second one just after it stops the run. */
  private _onKeyDown = (event: KeyboardEvent): void => {
    const isOurs = this.node.contains(event.target as Node);
    if (event.key !== 'Escape' || event.defaultPrevented || !isOurs) {
      return;
    }
    const { model } = this._options;
    event.preventDefault();
    if (model.isRunning) {
      const timer = window.setTimeout(() => this._endEscape(), ESCAPE_AGAIN);
      const onAgain = (again: KeyboardEvent) => {
        this._endEscape();
        if (again.key === 'Escape') {
          again.preventDefault();
          again.stopPropagation();
          model.stop();
        }
      };
      document.addEventListener('keydown', onAgain, { capture: true });
      this._endEscape = () => {
        window.clearTimeout(timer);
        document.removeEventListener('keydown', onAgain, { capture: true });
        this._endEscape = () => undefined;
      };
    }
    model.leave();
  };

  private _context: IPanelContext;
  private _drop: DropZone;
  /** Expect no second Escape any more. */
  private _endEscape: () => void = () => undefined;
}
