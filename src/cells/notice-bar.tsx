import { NotebookPanel } from '@jupyterlab/notebook';
import { TranslationBundle } from '@jupyterlab/translation';
import { ReactWidget } from '@jupyterlab/ui-components';
import * as React from 'react';

import { Checking } from '../protocol';
import { INotebooks } from '../tokens';
import { CellsModel } from './model';
import { INotice } from './record';

/** A bar above a notebook's cells: how far a check is and what came of it, or a word about what was asked for. */
export class NoticeBar extends ReactWidget {
  constructor(private _options: NoticeBar.IOptions) {
    super();
    this.addClass('jp-CodeAct-noticeBar');
    const { model, panel } = _options;
    model.changed.connect((_, path) => {
      if (path === panel.context.localPath) {
        this._onChanged();
      }
    }, this);
    this._onChanged();
  }

  protected override render(): React.JSX.Element {
    const { notice, check } = this._record;
    return (
      <>
        {notice && this._drawNotice(notice)}
        {check && this._drawCheck(check)}
      </>
    );
  }

  private get _path(): string {
    return this._options.panel.context.localPath;
  }

  private get _record() {
    return this._options.model.record(this._path);
  }

  private _onChanged(): void {
    const { notice, check } = this._record;
    this.setHidden(!notice && !check);
    // Each takes a line; the panel's layout goes by it.
    this.toggleClass('jp-mod-double', !!notice && !!check);
    this.update();
  }

  private _drawNotice(notice: INotice): React.JSX.Element {
    const { model, notebooks, trans } = this._options;
    return (
      <div
        className={`jp-CodeAct-noticeLine jp-mod-${notice.kind}`}
        role={notice.kind === 'refused' ? 'alert' : 'status'}
      >
        <span title={notice.text}>{notice.text}</span>
        {notice.left.length > 0 && (
          <button
            className="jp-Button jp-mod-minimal"
            onClick={() =>
              void notebooks.jumpToCell(this._path, notice.left[0])
            }
          >
            {trans.__('Show')}
          </button>
        )}
        <button
          className="jp-Button jp-mod-minimal"
          onClick={() => model.dismissNotice(this._path)}
        >
          {trans.__('Dismiss')}
        </button>
      </div>
    );
  }

  private _drawCheck(check: Checking): React.JSX.Element {
    const { model, notebooks, trans } = this._options;
    const { cells, holds } = check;
    const bad = cells.find(
      ({ state }) => state === 'failed' || state === 'different'
    );
    const done = cells.filter(
      ({ state }) => state !== 'waiting' && state !== 'running'
    ).length;
    const words =
      check.message ||
      trans.__(
        'Checking in a fresh kernel: %1 of %2 cells',
        done,
        cells.length
      );
    return (
      <div
        className="jp-CodeAct-noticeLine"
        data-holds={holds ?? undefined}
        role="status"
      >
        {holds === null && <span className="jp-CodeAct-spinner" />}
        <span title={words}>{words}</span>
        {holds === null && (
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
        {holds === null ? (
          <button
            className="jp-Button jp-mod-minimal"
            onClick={() => model.stopCheck(this._path)}
          >
            {trans.__('Cancel')}
          </button>
        ) : (
          <button
            className="jp-Button jp-mod-minimal"
            onClick={() => model.clearCheck(this._path)}
          >
            {trans.__('Clear')}
          </button>
        )}
      </div>
    );
  }
}

export namespace NoticeBar {
  export interface IOptions {
    model: CellsModel;
    notebooks: INotebooks;
    panel: NotebookPanel;
    trans: TranslationBundle;
  }
}
