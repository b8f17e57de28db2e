import { NotebookPanel } from '@jupyterlab/notebook';
import { TranslationBundle } from '@jupyterlab/translation';
import { caretDownEmptyIcon, ReactWidget } from '@jupyterlab/ui-components';
import { CommandRegistry } from '@lumino/commands';
import { Menu } from '@lumino/widgets';
import * as React from 'react';

import { CellCommandIDs } from '../tokens';
import { CellsModel } from './model';
import { MODES, modeWords } from '../modes';

/** In a notebook's toolbar: which cells wait for the user, and a menu to change it and to do more. */
export class ModeButton extends ReactWidget {
  constructor(private _options: ModeButton.IOptions) {
    super();
    this.addClass('jp-CodeAct-mode');
    _options.model.changed.connect(this._onChanged, this);
    _options.panel.context.pathChanged.connect(this.update, this);
  }

  protected override render(): React.JSX.Element {
    const { model, panel, trans } = this._options;
    const { mode } = model.record(panel.context.localPath);
    const words = mode && modeWords(mode, trans);
    return (
      <button
        className="jp-ToolbarButtonComponent jp-Button jp-mod-minimal"
        aria-haspopup="menu"
        aria-label={
          words
            ? trans.__('CodeAct: %1. Change it, or do more', words.short)
            : trans.__('CodeAct in this notebook')
        }
        title={
          words
            ? trans.__('%1 Click to change.', words.hint)
            : trans.__('CodeAct in this notebook')
        }
        data-mode={mode ?? undefined}
        onClick={() => this._openMenu()}
      >
        <span className="jp-ToolbarButtonComponent-label">
          {words ? words.short : '…'}
        </span>
        <caretDownEmptyIcon.react tag="span" />
      </button>
    );
  }

  private _onChanged(_: CellsModel, path: string): void {
    const { model, panel } = this._options;
    const { mode } = model.record(path);
    if (path === panel.context.localPath && mode !== this._mode) {
      this._mode = mode;
      this.update();
    }
  }

  private _openMenu(): void {
    const { commands, trans } = this._options;
    const menu = new Menu({ commands });
    menu.node.setAttribute('aria-label', trans.__('CodeAct'));
    for (const mode of MODES) {
      menu.addItem({ command: CellCommandIDs.setMode, args: { mode } });
    }
    menu.addItem({ type: 'separator' });
    menu.addItem({ command: CellCommandIDs.undo });
    menu.addItem({ type: 'separator' });
    menu.addItem({ command: CellCommandIDs.check });
    menu.addItem({ command: CellCommandIDs.stopCheck });
    menu.addItem({ command: CellCommandIDs.clearCheck });
    // A menu closes before it runs its command.
    menu.aboutToClose.connect(() => {
      void Promise.resolve().then(() => menu.dispose());
    });
    const { bottom, left } = this.node.getBoundingClientRect();
    menu.open(left, bottom);
  }

  private _mode: string | null = null;
}

export namespace ModeButton {
  export interface IOptions {
    commands: CommandRegistry;
    model: CellsModel;
    panel: NotebookPanel;
    trans: TranslationBundle;
  }
}
