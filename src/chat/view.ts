import { IDisposable } from '@lumino/disposable';
import { Throttler } from '@lumino/polling';
import { ISignal, Signal } from '@lumino/signaling';

import { Mode } from '../modes';
import { Attachment, Checking, ConversationInfo } from '../protocol';
import { EMPTY, IConversation } from './conversation';

/** Milliseconds between two drawings of a reply while it is written. */
const STREAMING_INTERVAL = 80;

/** Which of the agent's cells wait for the user. */

/** A word to the user that is no part of the conversation. */
export interface INotice {
  readonly tone: 'alert' | 'note';
  readonly text: string;
}

/** What the user asks. */
export interface ITask {
  readonly task: string;
  readonly attachments: readonly Attachment[];
  /** The earlier run that is asked anew. */
  readonly replaces: string | null;
}

/** The conversation of one notebook, and what the user is about to say in it. */
export interface IView {
  readonly conversation: IConversation;
  readonly draft: string;
  readonly attachments: readonly Attachment[];
  /** The run whose task is being edited, to be asked anew. */
  readonly editing: string | null;
  /** What was sent and what the server has not taken up yet. */
  readonly pending: ITask | null;
  /** The run and digest of the question that the user has just answered. */
  readonly answered: string | null;
  /** Whether the user has pressed Stop. */
  readonly stopping: boolean;
  readonly notice: INotice | null;
  /** `null` until the server has said. */
  readonly mode: Mode | null;
  readonly check: Checking | null;
  /** All conversations of the notebook, once somebody wants to see them. */
  readonly conversations: readonly ConversationInfo[] | null;
}

export const BLANK: IView = {
  conversation: EMPTY,
  draft: '',
  attachments: [],
  editing: null,
  pending: null,
  answered: null,
  stopping: false,
  notice: null,
  mode: null,
  check: null,
  conversations: null
};

/** The views of all notebooks on this page. */
export class Views implements IDisposable {
  constructor(private _front: () => string | null) {}

  /** Emitted when the view of the notebook in front has changed. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** The path of the notebook in front. */
  get path(): string | null {
    return this._front();
  }

  /** The view of the notebook in front. */
  get front(): IView {
    return this.get(this.path);
  }

  get(path: string | null): IView {
    return (path !== null && this._views.get(path)) || BLANK;
  }

  set(path: string | null, change: Partial<IView>): void {
    if (this._put(path, change)) {
      this._changed.emit();
    }
  }

  /** As `set`, but told of only now and then: for what changes many times a second. */
  setOften(path: string, change: Partial<IView>): void {
    if (this._put(path, change)) {
      void this._throttler.invoke();
    }
  }

  /** Tell the user something that is no part of the conversation. */
  notify(path: string | null, tone: INotice['tone'], text: string): void {
    this.set(path, { notice: { tone, text } });
  }

  rename(from: string, to: string): void {
    this._views.set(to, this.get(from));
    this._views.delete(from);
    this._changed.emit();
  }

  delete(path: string): void {
    this._views.delete(path);
  }

  /** The paths whose view fits. */
  where(fits: (view: IView) => boolean): string[] {
    return [...this._views.keys()].filter(path => fits(this.get(path)));
  }

  get isDisposed(): boolean {
    return this._throttler.isDisposed;
  }

  dispose(): void {
    if (!this.isDisposed) {
      this._throttler.dispose();
      Signal.clearData(this);
    }
  }

  private _put(path: string | null, change: Partial<IView>): boolean {
    if (path !== null) {
      this._views.set(path, { ...this.get(path), ...change });
    }
    return path !== null && path === this.path;
  }

  private _changed = new Signal<this, void>(this);
  private _throttler = new Throttler(() => this._changed.emit(), {
    limit: STREAMING_INTERVAL,
    edge: 'trailing'
  });
  private _views = new Map<string, IView>();
}
