import { TranslationBundle } from '@jupyterlab/translation';
import { IDisposable } from '@lumino/disposable';
import { ISignal, Signal } from '@lumino/signaling';

import { Mode } from '../modes';
import { FromPage, FromServer, Happened } from '../protocol';
import { IConnection, INotebooks } from '../tokens';
import { BLANK, fromHistory, happen, IRecord } from './record';

/** The user's word on a cell that waits for it. */
export interface IDecision {
  readonly approved: boolean;
  /** What the cell holds now, which is what will run. */
  readonly source: string;
  /** Whether what else the run wants to run is approved, too. */
  readonly rest: boolean;
}

/** What the server has told of the cells in the notebooks on this page, and what the user tells the server of them. */
export class CellsModel implements IDisposable {
  constructor(private _options: CellsModel.IOptions) {
    const { connection, notebooks } = _options;
    connection.received.connect(this._onReceived, this);
    connection.stateChanged.connect(this._onConnection, this);
    notebooks.renamed.connect(this._onRenamed, this);
    notebooks.closed.connect((_, path) => this._records.delete(path), this);
  }

  /** Emitted with the path of the notebook whose record has changed. */
  get changed(): ISignal<this, string> {
    return this._changed;
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

  record(path: string): IRecord {
    return this._records.get(path) ?? BLANK;
  }

  /** Decide about the cell that waits, if one does. */
  decide(path: string, decision: IDecision): void {
    const { waiting } = this.record(path);
    if (!waiting || waiting.decided) {
      return;
    }
    const { run, sha256 } = waiting;
    const sent = this._request({
      type: 'decide',
      notebook: path,
      run,
      sha256,
      ...decision
    });
    if (sent) {
      this._set(path, { waiting: { ...waiting, decided: true } });
    }
  }

  setMode(path: string, mode: Mode): void {
    this._request({ type: 'set_mode', notebook: path, mode });
  }

  /** Take a run back, the last one that changed a cell if none is named. */
  undo(path: string, run: string | null = null): void {
    this._request({ type: 'undo', notebook: path, run });
  }

  check(path: string): void {
    this._request({ type: 'check', notebook: path });
  }

  stopCheck(path: string): void {
    this._request({ type: 'stop_check', notebook: path });
  }

  /** Forget what a check said, of one cell or of all. A check under way goes on. */
  clearCheck(path: string, cellId?: string): void {
    const { check } = this.record(path);
    if (check && cellId === undefined) {
      this._set(path, { check: null });
    } else if (check?.cells.some(({ cell_id }) => cell_id === cellId)) {
      const cells = check.cells.filter(({ cell_id }) => cell_id !== cellId);
      this._set(path, { check: { ...check, cells } });
    }
  }

  dismissNotice(path: string): void {
    this._set(path, { notice: null });
  }

  private _request(message: FromPage & { notebook: string }): boolean {
    const { connection, trans } = this._options;
    const sent = connection.send(message);
    if (sent) {
      this._requested.add(message.notebook);
    } else {
      const text = trans.__(
        'The CodeAct server cannot be reached. Try again in a moment.'
      );
      this._refuse(message.notebook, text);
    }
    return sent;
  }

  private _onReceived(_: IConnection, message: FromServer): void {
    if (!('notebook' in message)) {
      return;
    }
    const path = this._options.notebooks.resolve(message.notebook);
    switch (message.type) {
      case 'history':
        this._set(path, fromHistory(message, this.record(path)));
        break;
      case 'happened':
        this._onHappened(path, message);
        break;
      case 'mode_is':
        this._requested.delete(path);
        this._set(path, { mode: message.mode });
        break;
      case 'checking':
        this._requested.delete(path);
        this._set(path, { check: message });
        break;
      case 'refused':
        this._onRefused(path, message.message);
        break;
      default:
        break; // the chat's, or a command
    }
  }

  private _onHappened(path: string, { event }: Happened): void {
    const before = this.record(path);
    const record = happen(before, event);
    if (event.type === 'decided') {
      this._requested.delete(path);
    }
    if (event.type === 'run_undone') {
      this._requested.delete(path);
      const text = this._undoneText(event.left.length);
      const notice = { kind: 'undone', text, left: event.left } as const;
      this._set(path, { ...record, notice });
    } else if (record !== before) {
      this._set(path, record);
    }
  }

  private _undoneText(left: number): string {
    const { trans } = this._options;
    const undone = trans.__('The notebook is as it was before the run.');
    return left === 0
      ? undone
      : trans._n(
          'The run was undone, but for %1 cell that was changed since and was left alone.',
          'The run was undone, but for %1 cells that were changed since and were left alone.',
          left
        );
  }

  private _onRefused(path: string, text: string): void {
    const { waiting } = this.record(path);
    if (waiting?.decided) {
      this._set(path, { waiting: { ...waiting, decided: false } });
    }
    // What was refused to the chat is said there.
    if (this._requested.delete(path)) {
      this._refuse(path, text);
    }
  }

  private _refuse(path: string, text: string): void {
    this._set(path, { notice: { kind: 'refused', text, left: [] } });
  }

  private _onConnection(connection: IConnection): void {
    if (connection.state !== 'closed') {
      return;
    }
    this._requested.clear();
    for (const [path, { check, waiting }] of this._records) {
      // Nobody tells how a check goes on, and nobody knows whether a decision has arrived; the history will say.
      this._set(path, {
        check: check?.holds === null ? null : check,
        waiting: waiting && { ...waiting, decided: false }
      });
    }
  }

  private _onRenamed(
    _: INotebooks,
    { from, to }: { from: string; to: string }
  ): void {
    const record = this._records.get(from);
    if (record) {
      this._records.delete(from);
      this._set(to, record);
    }
  }

  private _set(path: string, change: Partial<IRecord>): void {
    this._records.set(path, { ...this.record(path), ...change });
    this._changed.emit(path);
  }

  private _changed = new Signal<this, string>(this);
  private _isDisposed = false;
  private _records = new Map<string, IRecord>();
  /** Notebooks for which the user has asked something here that was not answered yet. */
  private _requested = new Set<string>();
}

export namespace CellsModel {
  export interface IOptions {
    connection: IConnection;
    notebooks: Pick<INotebooks, 'resolve' | 'renamed' | 'closed'>;
    trans: TranslationBundle;
  }
}
