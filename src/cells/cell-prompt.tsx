import { Cell } from '@jupyterlab/cells';
import { NotebookPanel } from '@jupyterlab/notebook';
import { TranslationBundle } from '@jupyterlab/translation';
import { ReactWidget } from '@jupyterlab/ui-components';
import { PanelLayout } from '@lumino/widgets';
import * as React from 'react';

import { SessionActions } from '../session/actions';
import { cellAttachment, selectionAttachment } from '../session/attachments';
import { IRun } from '../session/runs';
import { NotebookSession } from '../session/session';
import { ISessions } from '../session/sessions';
import { waitingQuestion } from '../session/selectors';
import { INotebooks, ISettings } from '../tokens';
import { canBeFixed } from './cell-view';
import { PromptBox, PromptKind, PromptPhase } from './components/prompt-box';

/**
 * A box at a cell in which the user says what is to be written there, or changed.
 *
 * It stays until the run has ended, and longer if that has only an answer and no cell to show for it.
 */
export class CellPrompt extends ReactWidget {
  constructor(private _options: CellPrompt.IOptions) {
    super();
    const { cell, kind, panel, sessions } = _options;
    this.addClass('jp-CodeAct-cellPrompt');
    this._wasEditing = panel.content.mode === 'edit';
    this._selection = _options.notebooks.selection(this._path);
    this._kinds = this._kindsOf();
    this._kind = kind && this._kinds.includes(kind) ? kind : this._kinds[0];
    sessions.changed.connect(this._onChanged, this);
    cell.disposed.connect(this.dispose, this);
    this._insert();
  }

  /** Give the focus to where the user types. */
  focusText(): void {
    // Once it is drawn.
    requestAnimationFrame(() => this.node.querySelector('textarea')?.focus());
  }

  /** Take it away, and go back to the cell. */
  override close(): void {
    const { cell, panel } = this._options;
    const hadFocus = this.node.contains(document.activeElement);
    const { content } = panel;
    this.dispose();
    if (hadFocus && !cell.isDisposed) {
      content.activeCellIndex = content.widgets.indexOf(cell);
      content.mode = this._wasEditing ? 'edit' : 'command';
      content.activate();
    }
  }

  protected override render(): React.JSX.Element {
    const { trans } = this._options;
    return (
      <PromptBox
        kind={this._kind}
        kinds={this._kinds}
        phase={this._phase}
        result={this._result}
        sendWithEnter={this._options.settings?.sendWithEnter ?? true}
        isAsking={waitingQuestion(this._session.state) !== null}
        trans={trans}
        onKind={kind => this._setKind(kind)}
        onSend={text => this._send(text)}
        onStop={() => this._actions.stop()}
        onShow={() => this._options.open()}
        onClose={() => this.close()}
      />
    );
  }

  private _kindsOf(): PromptKind[] {
    const { cell, panel } = this._options;
    if (!cell.model.sharedModel.getSource().trim()) {
      return ['write'];
    }
    const selected = this._selection?.cellId === cell.model.id;
    const change: PromptKind[] =
      selected && this._wasEditing ? ['selection', 'change'] : ['change'];
    return panel.content.mode === 'edit' || canBeFixed(cell.model)
      ? [...change, 'below']
      : ['below', ...change];
  }

  private _setKind(kind: PromptKind): void {
    this._kind = kind;
    this._insert();
    this.update();
    this.focusText();
  }

  /** Stand above what is to be changed, and where a new cell is to be. */
  private _insert(): void {
    const layout = this._options.cell.layout as PanelLayout;
    const input = layout.widgets.findIndex(({ node }) =>
      node.classList.contains('jp-Cell-inputWrapper')
    );
    const isBelow = this._kind === 'below';
    layout.insertWidget(isBelow ? layout.widgets.length : input, this);
  }

  private _send(text: string): void {
    const { cell, notebooks, trans } = this._options;
    const { id } = cell.model;
    const cells = notebooks.cells(this._path);
    const own = cells.find(each => each.id === id);
    const isChange = this._kind === 'change' || this._kind === 'selection';
    const selection = this._kind === 'selection' ? this._selection : null;
    const attachments = selection
      ? [selectionAttachment(cells, selection, trans)]
      : isChange && own
        ? [cellAttachment(cells, own, trans)]
        : [];
    const task = selection
      ? `${text}\n\n${trans.__('Change only the selected part of the cell.')}`
      : text;
    this._before = this._session.state.conversation.runs.length;
    const isSent = this._actions.ask(
      { task, attachments, replaces: null },
      isChange ? { target: id, below: id } : { below: id }
    );
    this._phase = isSent ? 'working' : 'writing';
    this.update();
  }

  private _onChanged(_: ISessions, { path, state }: NotebookSession): void {
    if (path !== this._path || this._phase !== 'working') {
      return;
    }
    const run: IRun | undefined = state.conversation.runs[this._before];
    if (!run && state.pending === null) {
      this._phase = 'writing'; // it was refused, and the bar above the notebook says why
    } else if (run && !state.prompted.includes(run.id)) {
      this._session.set({ prompted: [...state.prompted, run.id] });
    } else if (run?.ending) {
      const { answer, ending, message } = run.ending;
      if (ending === 'answered' && run.cells.size > 0) {
        this.close();
        return;
      }
      this._phase = 'done';
      this._result = answer || message;
    }
    this.update();
  }

  private get _path(): string {
    return this._options.panel.context.localPath;
  }

  private get _session(): NotebookSession {
    return this._options.sessions.get(this._path);
  }

  private get _actions(): SessionActions {
    return this._options.sessions.actions(this._path, 'notebook');
  }

  private _before = 0;
  private _kind: PromptKind;
  private _kinds: PromptKind[];
  private _phase: PromptPhase = 'writing';
  private _result = '';
  private _selection: { cellId: string; text: string } | null;
  private _wasEditing: boolean;
}

export namespace CellPrompt {
  export interface IOptions {
    cell: Cell;
    /** What to ask for at first, if the cell allows it. */
    kind?: PromptKind;
    notebooks: INotebooks;
    /** Show the chat. */
    open: () => void;
    panel: NotebookPanel;
    sessions: ISessions;
    settings: ISettings | null;
    trans: TranslationBundle;
  }
}
