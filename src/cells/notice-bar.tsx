import { NotebookPanel } from '@jupyterlab/notebook';
import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { Checking } from '../protocol';
import { SessionActions } from '../session/actions';
import { checkAt } from '../session/selectors';
import { ISessions } from '../session/sessions';
import { INotice } from '../session/state';
import { INotebooks } from '../tokens';
import { NotebookBar } from './notebook-bar';

/** A bar above a notebook's cells: the progress and result of a check, or what came of something the user did. */
export class NoticeBar extends NotebookBar {
  constructor(private _options: NoticeBar.IOptions) {
    super(_options.panel);
    this.addClass('jp-CodeAct-noticeBar');
    const { panel, sessions } = _options;
    sessions.changed.connect((_, { path }) => {
      if (path === panel.context.localPath) {
        this._onChanged();
      }
    }, this);
    this._onChanged();
  }

  protected override render(): React.JSX.Element {
    const { notice, check } = this._shown;
    return (
      <>
        {notice && this._drawNotice(notice)}
        {check && this._drawCheck(check)}
      </>
    );
  }

  private get _path(): string {
    return this.panel.context.localPath;
  }

  private get _actions(): SessionActions {
    return this._options.sessions.actions(this._path, 'notebook');
  }

  private get _shown(): { notice: INotice | null; check: Checking | null } {
    const { state } = this._options.sessions.get(this._path);
    return {
      notice: state.notices.notebook,
      check: checkAt(state, 'notebook')
    };
  }

  private _onChanged(): void {
    const { notice, check } = this._shown;
    if (this._drawn?.notice === notice && this._drawn.check === check) {
      return;
    }
    this._drawn = { notice, check };
    this.setHidden(!notice && !check);
    // Each takes a line, and the panel's layout needs the height.
    this.toggleClass('jp-mod-double', !!notice && !!check);
    this.parent?.fit();
    this.update();
  }

  private _drawNotice(notice: INotice): React.JSX.Element {
    const { notebooks, trans } = this._options;
    return (
      <div
        className={`jp-CodeAct-noticeLine jp-mod-${notice.tone}`}
        role={notice.tone === 'alert' ? 'alert' : 'status'}
      >
        <span title={notice.text}>{notice.text}</span>
        {notice.cells.length > 0 && (
          <button
            className="jp-Button jp-mod-minimal"
            onClick={() =>
              void notebooks.jumpToCell(this._path, notice.cells[0])
            }
          >
            {trans.__('Show')}
          </button>
        )}
        <button
          className="jp-Button jp-mod-minimal"
          onClick={() => this._actions.dismissNotice()}
        >
          {trans.__('Dismiss')}
        </button>
      </div>
    );
  }

  private _drawCheck(check: Checking): React.JSX.Element {
    const { notebooks, trans } = this._options;
    const { cells, reproduces } = check;
    const bad = cells.find(
      ({ state }) => state === 'failed' || state === 'different'
    );
    const done = cells.filter(
      ({ state }) => state !== 'waiting' && state !== 'running'
    ).length;
    const text =
      check.message ||
      trans.__(
        'Checking in a fresh kernel: %1 of %2 cells',
        done,
        cells.length
      );
    return (
      <div
        className="jp-CodeAct-noticeLine"
        data-reproduces={reproduces ?? undefined}
        role="status"
      >
        {reproduces === null && <span className="jp-CodeAct-spinner" />}
        <span title={text}>{text}</span>
        {reproduces === null && (
          <progress
            aria-label={trans.__('Progress of the check')}
            value={cells.length ? done : undefined}
            max={cells.length || 1}
          />
        )}
        {bad && (
          <button
            className="jp-Button jp-mod-minimal"
            title={bad.message}
            onClick={() => void notebooks.jumpToCell(this._path, bad.cell_id)}
          >
            {trans.__('Show')}
          </button>
        )}
        {reproduces === null ? (
          <button
            className="jp-Button jp-mod-minimal"
            onClick={() => this._actions.stopCheck()}
          >
            {trans.__('Cancel')}
          </button>
        ) : (
          <button
            className="jp-Button jp-mod-minimal"
            onClick={() => this._actions.clearCheck()}
          >
            {trans.__('Clear')}
          </button>
        )}
      </div>
    );
  }

  private _drawn: { notice: INotice | null; check: Checking | null } | null =
    null;
}

export namespace NoticeBar {
  export interface IOptions {
    notebooks: INotebooks;
    panel: NotebookPanel;
    sessions: ISessions;
    trans: TranslationBundle;
  }
}
