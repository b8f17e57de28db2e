import { PathExt } from '@jupyterlab/coreutils';
import { IDisposable } from '@lumino/disposable';
import { ISignal, Signal } from '@lumino/signaling';

import { ISessions } from '../session/sessions';
import { INotebooks } from '../tokens';
import { IFileInfo, IFiles } from './files';

/** What there is to work with: the files of the folder in front, and the variables in the kernel. */
export class Surroundings implements IDisposable {
  constructor(private _options: Surroundings.IOptions) {}

  /** Emitted when other files were found; variables are in the session's state. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** The files and folders beside the notebook, else those of the folder in front. */
  get files(): readonly IFileInfo[] {
    return this._folder === this._where ? this._files : [];
  }

  /** Look again. */
  async refresh(): Promise<void> {
    const { files, notebooks, sessions } = this._options;
    const path = notebooks.current?.path;
    if (path !== undefined) {
      sessions.actions(path, 'chat').listVariables();
    }
    const folder = this._where;
    const found = await files.list(folder).catch(() => []);
    if (folder === this._where && !this._isDisposed) {
      this._folder = folder;
      this._files = found;
      this._changed.emit();
    }
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    this._isDisposed = true;
    Signal.clearData(this);
  }

  private get _where(): string {
    const { folder, notebooks } = this._options;
    const { current } = notebooks;
    return current ? PathExt.dirname(current.path) : folder();
  }

  private _changed = new Signal<this, void>(this);
  private _files: readonly IFileInfo[] = [];
  private _folder: string | null = null;
  private _isDisposed = false;
}

export namespace Surroundings {
  export interface IOptions {
    files: IFiles;
    /** The folder that is in front where no notebook is. */
    folder: () => string;
    notebooks: INotebooks;
    sessions: ISessions;
  }
}
