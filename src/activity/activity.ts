import { IDisposable } from '@lumino/disposable';
import { ISignal, Signal } from '@lumino/signaling';

import { Activity, activityOf, lastMessage } from '../session/selectors';
import { NotebookSession } from '../session/session';
import { ISessions } from '../session/sessions';
import { ISessionState } from '../session/state';
import { INotebooks } from '../tokens';

/** Who works in a notebook: CodeAct, or another agent. */
export function agentOf(state: ISessionState): string {
  return lastMessage(state)?.agent ?? 'CodeAct';
}

/** What has changed in a notebook. */
export interface IChange {
  readonly path: string;
  readonly before: Activity | null;
  readonly now: Activity | null;
}

/** What CodeAct does in each notebook of this page. */
export class Activities implements IDisposable {
  constructor(options: { notebooks: INotebooks; sessions: ISessions }) {
    const { notebooks, sessions } = options;
    sessions.changed.connect(this._onSession, this);
    notebooks.renamed.connect(this._onRenamed, this);
    notebooks.closed.connect((_, path) => this._set(path, null), this);
  }

  /** Emitted when CodeAct begins or ends to work, or to wait, in a notebook. */
  get changed(): ISignal<this, IChange> {
    return this._changed;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    this._isDisposed = true;
    Signal.clearData(this);
  }

  /** What it does in the notebook with this path; `null` for nothing. */
  of(path: string): Activity | null {
    return this._activities.get(path) ?? null;
  }

  /** What it does in any of them; that it waits is more important. */
  get all(): Activity | null {
    const activities = [...this._activities.values()];
    return activities.includes('waiting') ? 'waiting' : (activities[0] ?? null);
  }

  /** The notebooks in which it does this. */
  paths(activity: Activity): string[] {
    return [...this._activities.keys()].filter(
      path => this._activities.get(path) === activity
    );
  }

  private _onSession(_: ISessions, { path, state }: NotebookSession): void {
    this._set(path, activityOf(state));
  }

  private _onRenamed(
    _: INotebooks,
    { from, to }: { from: string; to: string }
  ): void {
    const activity = this.of(from);
    this._set(from, null);
    this._set(to, activity);
  }

  private _set(path: string, now: Activity | null): void {
    const before = this.of(path);
    if (now === before) {
      return;
    }
    if (now) {
      this._activities.set(path, now);
    } else {
      this._activities.delete(path);
    }
    this._changed.emit({ path, before, now });
  }

  private _activities = new Map<string, Activity>();
  private _changed = new Signal<this, IChange>(this);
  private _isDisposed = false;
}
