import { NotebookPanel } from '@jupyterlab/notebook';
import { TranslationBundle } from '@jupyterlab/translation';
import {
  caretDownEmptyIcon,
  MenuSvg,
  ReactWidget
} from '@jupyterlab/ui-components';
import { CommandRegistry } from '@lumino/commands';
import * as React from 'react';

import { APPROVALS, approvalText, IApprovalText } from '../approval';
import { NotebookSession } from '../session/session';
import { ISessions } from '../session/sessions';
import { ISessionState } from '../session/state';
import { CellCommandIDs } from '../tokens';

/** In a notebook's toolbar: which cells wait for approval, with a menu to change that and to do more. */
export class ApprovalButton extends ReactWidget {
  constructor(private _options: ApprovalButton.IOptions) {
    super();
    this.addClass('jp-CodeAct-approvalSetting');
    _options.sessions.changed.connect(this._onChanged, this);
    _options.panel.context.pathChanged.connect(this.update, this);
  }

  protected override render(): React.JSX.Element {
    const { trans } = this._options;
    const { approval } = this._state;
    const text = this._text;
    return (
      <button
        className="jp-ToolbarButtonComponent jp-Button jp-mod-minimal"
        aria-haspopup="menu"
        aria-label={
          text
            ? trans.__('CodeAct: %1. Change it, or do more', text.label)
            : trans.__('CodeAct in this notebook')
        }
        title={
          text
            ? trans.__('%1 Click to change.', text.hint)
            : trans.__('CodeAct in this notebook')
        }
        data-approval={approval ?? undefined}
        onClick={() => this._openMenu()}
      >
        <span className="jp-ToolbarButtonComponent-label">
          {text ? text.label : '…'}
        </span>
        <caretDownEmptyIcon.react tag="span" />
      </button>
    );
  }

  private get _state(): ISessionState {
    const { panel, sessions } = this._options;
    return sessions.get(panel.context.localPath).state;
  }

  private get _text(): IApprovalText | null {
    const { approval, isApprovalForRun } = this._state;
    return (
      approval && approvalText(approval, this._options.trans, isApprovalForRun)
    );
  }

  private _onChanged(_: ISessions, { path }: NotebookSession): void {
    if (
      path === this._options.panel.context.localPath &&
      this._shown !== this._text?.label
    ) {
      this._shown = this._text?.label;
      this.update();
    }
  }

  private _openMenu(): void {
    const { commands, trans } = this._options;
    const menu = new MenuSvg({ commands });
    menu.node.setAttribute('aria-label', trans.__('CodeAct'));
    for (const approval of APPROVALS) {
      menu.addItem({ command: CellCommandIDs.setApproval, args: { approval } });
    }
    menu.addItem({ type: 'separator' });
    menu.addItem({ command: CellCommandIDs.review });
    menu.addItem({ command: CellCommandIDs.undo });
    menu.addItem({ command: CellCommandIDs.redo });
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

  private _shown: string | undefined;
}

export namespace ApprovalButton {
  export interface IOptions {
    commands: CommandRegistry;
    panel: NotebookPanel;
    sessions: ISessions;
    trans: TranslationBundle;
  }
}
