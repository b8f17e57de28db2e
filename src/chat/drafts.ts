import { ISignal, Signal } from '@lumino/signaling';

import { Attachment } from '../protocol';

/** What the user is about to ask in one notebook. */
export interface IDraft {
  readonly text: string;
  readonly attachments: readonly Attachment[];
  /** The run whose task is being edited, to be asked again. */
  readonly editing: string | null;
}

export const NO_DRAFT: IDraft = { text: '', attachments: [], editing: null };

/** The drafts of all notebooks on this page. */
export class Drafts {
  /** Emitted with the path of the notebook whose draft has changed. */
  get changed(): ISignal<this, string> {
    return this._changed;
  }

  get(path: string | null): IDraft {
    return (path !== null && this._drafts.get(path)) || NO_DRAFT;
  }

  set(path: string, change: Partial<IDraft>): void {
    this._drafts.set(path, { ...this.get(path), ...change });
    this._changed.emit(path);
  }

  rename(from: string, to: string): void {
    const draft = this.get(from);
    this._drafts.delete(from);
    this.set(to, draft);
  }

  delete(path: string): void {
    this._drafts.delete(path);
  }

  private _changed = new Signal<this, string>(this);
  private _drafts = new Map<string, IDraft>();
}
