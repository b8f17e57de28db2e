import { ISignal, Signal } from '@lumino/signaling';

import { Attachment } from '../protocol';
import type { IQueuedTask } from './task-queue';

/** What the user is about to ask in one notebook. */
export interface IDraft {
  readonly text: string;
  readonly attachments: readonly Attachment[];
  /** The run whose task is being edited, to be asked again. */
  readonly editing: string | null;
  /** Tasks that wait for the end of the run under way. */
  readonly queue: readonly IQueuedTask[];
}

export const NO_DRAFT: IDraft = {
  text: '',
  attachments: [],
  editing: null,
  queue: []
};

/** Where drafts are kept over a reload of the page. */
export type DraftStorage = Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;

/** The drafts of all notebooks on this page; that of no notebook has the empty path. */
export class Drafts {
  constructor(
    private _storage: DraftStorage | null = null,
    private _prefix = 'jupyter-codeact:draft:'
  ) {}

  /** Emitted with the path of the notebook whose draft has changed. */
  get changed(): ISignal<this, string> {
    return this._changed;
  }

  get(path: string): IDraft {
    let draft = this._drafts.get(path);
    if (!draft) {
      draft = this._read(path);
      this._drafts.set(path, draft);
    }
    return draft;
  }

  set(path: string, change: Partial<IDraft>): void {
    const draft = { ...this.get(path), ...change };
    this._drafts.set(path, draft);
    this._write(path, draft);
    this._changed.emit(path);
  }

  rename(from: string, to: string): void {
    const draft = this.get(from);
    this._drafts.delete(from);
    this._storage?.removeItem(this._prefix + from);
    this.set(to, draft);
  }

  private _read(path: string): IDraft {
    try {
      const kept = this._storage?.getItem(this._prefix + path);
      return kept ? { ...NO_DRAFT, ...JSON.parse(kept) } : NO_DRAFT;
    } catch {
      return NO_DRAFT;
    }
  }

  private _write(path: string, draft: IDraft): void {
    const { attachments, editing, queue, text } = draft;
    const key = this._prefix + path;
    try {
      if (text || attachments.length > 0 || editing || queue.length > 0) {
        this._storage?.setItem(key, JSON.stringify(draft));
      } else {
        this._storage?.removeItem(key);
      }
    } catch {
      // Pictures may be more than there is room for; the words matter most.
      const words = { ...draft, attachments: [], queue: [] };
      this._keep(key, JSON.stringify(words));
    }
  }

  private _keep(key: string, draft: string): void {
    try {
      this._storage?.setItem(key, draft);
    } catch {
      // The page goes on without it.
    }
  }

  private _changed = new Signal<this, string>(this);
  private _drafts = new Map<string, IDraft>();
}
