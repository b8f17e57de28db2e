import { JupyterFrontEnd } from '@jupyterlab/application';
import { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';
import { TranslationBundle } from '@jupyterlab/translation';
import { ISignal, Signal } from '@lumino/signaling';

import {
  ICellBrief,
  IConnection,
  INotebooks,
  IOpenNotebook,
  ISettings
} from '../tokens';
import { findCell, indexOf } from './cells';
import { follow } from './follow';
import { obstacleOf, variablesOf } from './kernel';
import { cellsOf, insertBelow, replaceSource, selectionOf } from './sources';

/** Keeps track of the notebooks on this page, and informs the server. */
export class OpenNotebooks implements INotebooks {
  constructor(private _options: OpenNotebooks.IOptions) {
    const { connection, settings, tracker } = _options;
    connection.stateChanged.connect(this._onConnection, this);
    tracker.currentChanged.connect(this._onCurrentChanged, this);
    tracker.widgetAdded.connect((_, panel) => this._add(panel), this);
    tracker.forEach(panel => this._add(panel));
    void settings?.ready.then(() => {
      settings.changed.connect(this._onSettings, this);
      this._onSettings();
    });
    this._onCurrentChanged();
  }

  get current(): IOpenNotebook | null {
    return this._current;
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get renamed(): ISignal<this, { from: string; to: string }> {
    return this._renamed;
  }

  get closed(): ISignal<this, string> {
    return this._closed;
  }

  get edited(): ISignal<this, string> {
    return this._edited;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    if (!this._isDisposed) {
      this._isDisposed = true;
      Signal.clearData(this);
    }
  }

  resolve(path: string): string {
    const panel = this.find(path);
    return panel ? panel.context.localPath : path;
  }

  /** The panel that shows the notebook with this path, the one in front if there are several. */
  find(path: string): NotebookPanel | null {
    const { currentWidget } = this._options.tracker;
    if (currentWidget?.context.localPath === path) {
      return currentWidget;
    }
    const panels = [...this._panels];
    return (
      panels.find(panel => panel.context.localPath === path) ??
      panels.find(panel => this._formerPaths.get(panel)?.has(path)) ??
      null
    );
  }

  async jumpToCell(path: string, cellId: string): Promise<boolean> {
    const panel = this.find(path);
    if (!panel || !findCell(panel, cellId)) {
      return false;
    }
    this._options.shell.activateById(panel.id);
    await panel.revealed;
    const { content } = panel;
    content.deselectAll();
    content.mode = 'command';
    content.activeCellIndex = indexOf(panel, cellId);
    follow(panel, cellId);
    content.activate();
    return true;
  }

  cells(path: string): ICellBrief[] {
    const panel = this.find(path);
    return panel ? cellsOf(panel) : [];
  }

  source(path: string, cellId: string): string | null {
    const panel = this.find(path);
    const cell = panel && findCell(panel, cellId);
    return cell ? cell.model.sharedModel.getSource() : null;
  }

  activeCell(path: string): string | null {
    return this.find(path)?.content.activeCell?.model.id ?? null;
  }

  selection(path: string): { cellId: string; text: string } | null {
    const panel = this.find(path);
    return panel && selectionOf(panel);
  }

  async variables(path: string): Promise<string[]> {
    const panel = this.find(path);
    return panel ? variablesOf(panel) : [];
  }

  insertBelow(path: string, source: string): boolean {
    const panel = this.find(path);
    if (!panel?.model) {
      return false;
    }
    insertBelow(panel, source);
    return true;
  }

  replace(path: string, cellId: string | null, source: string): boolean {
    const panel = this.find(path);
    return !!panel && replaceSource(panel, cellId, source);
  }

  private _add(panel: NotebookPanel): void {
    const { context, sessionContext } = panel;
    this._panels.add(panel);
    this._formerPaths.set(panel, new Set([context.localPath]));
    context.pathChanged.connect(() => this._onPathChanged(panel), this);
    panel.content.modelContentChanged.connect(
      () => this._edited.emit(context.localPath),
      this
    );
    panel.content.activeCellChanged.connect(
      () => this._edited.emit(context.localPath),
      this
    );
    context.ready.then(
      () => this._update(panel),
      () => undefined
    );
    sessionContext.kernelChanged.connect((_, { oldValue, newValue }) => {
      if (oldValue || newValue) {
        this._open(panel);
      }
    }, this);
    sessionContext.statusChanged.connect(
      (_, status) => this._onStatus(panel, status),
      this
    );
    sessionContext.connectionStatusChanged.connect(
      () => this._update(panel),
      this
    );
    sessionContext.kernelPreferenceChanged.connect(
      () => this._update(panel),
      this
    );
    panel.disposed.connect(() => this._onPanelDisposed(panel), this);
    this._options.connection.connect();
    this._open(panel);
  }

  private _open(panel: NotebookPanel): void {
    this._options.connection.request({
      type: 'open',
      notebook: panel.context.localPath,
      kernel_id: panel.sessionContext.session?.kernel?.id ?? null,
      approval: this._approval
    });
    this._update(panel);
  }

  /** Tell the server of another default approval. */
  private _onSettings(): void {
    const approval = this._options.settings!.approval;
    const isNews = this._approval !== approval && (this._approval || approval);
    this._approval = approval;
    if (isNews) {
      this._panels.forEach(panel => this._open(panel));
    }
  }

  private _onConnection(connection: IConnection): void {
    if (connection.state === 'open') {
      for (const panel of this._panels) {
        this._open(panel);
      }
    }
  }

  private _onStatus(panel: NotebookPanel, status: string): void {
    if (status === 'autorestarting') {
      this._open(panel);
    } else {
      this._update(panel);
    }
  }

  private _onPathChanged(panel: NotebookPanel): void {
    const to = panel.context.localPath;
    const paths = this._formerPaths.get(panel)!;
    const from = [...paths].pop()!;
    paths.delete(to);
    paths.add(to);
    this._renamed.emit({ from, to });
    // The new name first, so that the server sees the same kernel under both.
    this._open(panel);
    this._close(from);
  }

  private _onPanelDisposed(panel: NotebookPanel): void {
    this._panels.delete(panel);
    this._close([...this._formerPaths.get(panel)!].pop()!);
  }

  private _close(path: string): void {
    const panels = [...this._panels];
    if (panels.every(({ context }) => context.localPath !== path)) {
      this._options.connection.request({ type: 'close', notebook: path });
      this._closed.emit(path);
    }
  }

  private _onCurrentChanged(): void {
    this._update(this._options.tracker.currentWidget);
  }

  /** Update what is known of the notebook in front, if that is the one that changed. */
  private _update(panel: NotebookPanel | null): void {
    const { tracker, trans } = this._options;
    if (panel !== tracker.currentWidget) {
      return;
    }
    const path = panel?.context.localPath;
    const obstacle = panel && obstacleOf(panel, trans);
    if (
      this._current?.path !== path ||
      (this._current?.obstacle ?? null) !== obstacle
    ) {
      this._current = path === undefined ? null : { path, obstacle };
      this._changed.emit();
    }
  }

  /** The user's default approval; `null` until it is known. */
  private _approval: ISettings['approval'] | null = null;
  private _changed = new Signal<this, void>(this);
  private _closed = new Signal<this, string>(this);
  private _current: IOpenNotebook | null = null;
  private _edited = new Signal<this, string>(this);
  private _formerPaths = new WeakMap<NotebookPanel, Set<string>>();
  private _isDisposed = false;
  private _panels = new Set<NotebookPanel>();
  private _renamed = new Signal<this, { from: string; to: string }>(this);
}

export namespace OpenNotebooks {
  export interface IOptions {
    connection: IConnection;
    settings?: Pick<ISettings, 'approval' | 'changed' | 'ready'> | null;
    shell: JupyterFrontEnd.IShell;
    tracker: INotebookTracker;
    trans: TranslationBundle;
  }
}
