import { PathExt } from '@jupyterlab/coreutils';
import { TranslationBundle } from '@jupyterlab/translation';
import { ISignal, Signal } from '@lumino/signaling';

import { Attachment } from '../protocol';
import { cellAttachment, isSame } from '../session/attachments';
import { INotice } from '../session/state';
import { INotebooks } from '../tokens';
import { Drafts } from './drafts';
import { IFiles } from './files';
import { isPicture } from './images';

/** A file on its way to the server. */
export interface IUpload {
  readonly name: string;
  /** How much of it is there, 0 to 1. */
  readonly share: number;
}

/** Attaches cells and files to the drafts. */
export class Attaching {
  constructor(private _options: Attaching.IOptions) {}

  /** Emitted when something is on its way, has come further or is there. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** The files on their way to the draft of a notebook. */
  uploads(path: string): readonly IUpload[] {
    return [...(this._uploads.get(path)?.values() ?? [])];
  }

  /** Whether something is on its way to the draft of a notebook. */
  isUnderWay(path: string): boolean {
    return (this._underWay.get(path) ?? 0) > 0;
  }

  attach(path: string, attachment: Attachment): void {
    const { drafts } = this._options;
    const { attachments } = drafts.get(path);
    if (!attachments.some(each => isSame(each, attachment))) {
      drafts.set(path, { attachments: [...attachments, attachment] });
    }
  }

  detach(path: string, attachment: Attachment): void {
    const { drafts } = this._options;
    const { attachments } = drafts.get(path);
    drafts.set(path, {
      attachments: attachments.filter(each => each !== attachment)
    });
  }

  /** Attach cells of a notebook. */
  cells(path: string, ids: readonly string[]): void {
    const { notebooks, trans } = this._options;
    const cells = notebooks.cells(path);
    for (const cell of cells.filter(({ id }) => ids.includes(id))) {
      this.attach(path, cellAttachment(cells, cell, trans));
    }
  }

  /** Attach files of Jupyter's contents. */
  async paths(path: string, paths: readonly string[]): Promise<void> {
    const { files } = this._options;
    await Promise.all(
      paths.map(each => this.soon(path, () => files.attach(each)))
    );
  }

  /**
   * Attach files of the user's own machine: they are uploaded into the folder of the notebook.
   *
   * A picture that was `pasted` is no file, and is only shown to the model.
   */
  async files(
    path: string,
    chosen: readonly File[],
    pasted = false
  ): Promise<void> {
    const { files, folder } = this._options;
    const place = path ? PathExt.dirname(path) : folder();
    // One after the other: each may ask the user something.
    for (const file of chosen) {
      await this.soon(path, () =>
        pasted && isPicture(file.type)
          ? files.read(file)
          : this._uploading(path, file.name, progress =>
              files.upload(file, place, progress)
            )
      );
    }
  }

  /** Attach what is on its way, or say why it does not come. */
  async soon(
    path: string,
    attachment: () => Promise<Attachment | null> | Attachment | null
  ): Promise<void> {
    const { notify, trans } = this._options;
    this._count(path, 1);
    try {
      const found = await attachment();
      if (found) {
        this.attach(path, found);
      }
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      const text = trans.__('This could not be attached. %1', why);
      notify(path, 'alert', text);
    } finally {
      this._count(path, -1);
    }
  }

  private _count(path: string, by: 1 | -1): void {
    this._underWay.set(path, (this._underWay.get(path) ?? 0) + by);
    this._changed.emit();
  }

  private async _uploading(
    path: string,
    name: string,
    upload: (onProgress: (share: number) => void) => Promise<Attachment | null>
  ): Promise<Attachment | null> {
    const key = {};
    const uploads = this._uploads.get(path) ?? new Map<object, IUpload>();
    this._uploads.set(path, uploads);
    try {
      return await upload(share => {
        uploads.set(key, { name, share });
        this._changed.emit();
      });
    } finally {
      uploads.delete(key);
      this._changed.emit();
    }
  }

  private _changed = new Signal<this, void>(this);
  private _underWay = new Map<string, number>();
  private _uploads = new Map<string, Map<object, IUpload>>();
}

export namespace Attaching {
  export interface IOptions {
    drafts: Drafts;
    files: IFiles;
    /** The folder that is in front where no notebook is. */
    folder: () => string;
    notebooks: INotebooks;
    notify: (path: string, tone: INotice['tone'], text: string) => void;
    trans: TranslationBundle;
  }
}
