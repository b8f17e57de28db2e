import { PathExt } from '@jupyterlab/coreutils';
import { TranslationBundle } from '@jupyterlab/translation';
import { IDisposable } from '@lumino/disposable';
import { ISignal, Signal } from '@lumino/signaling';

import { ISessions } from '../session/sessions';
import { INotebooks } from '../tokens';
import { IFileInfo, IFiles } from './files';
import { IWorkspace } from './workspace';

/**
 * What there is to work with: the files of the folder in front, the variables in the kernel, and what the project tells
 * the model.
 */
export class Surroundings implements IDisposable {
  constructor(private _options: Surroundings.IOptions) {}

  /** Emitted when other files were found; all else is in the session's state. */
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
      const actions = sessions.actions(path, 'chat');
      actions.listVariables();
      actions.listInstructions();
    }
    const folder = this._where;
    const found = await files.list(folder).catch(() => []);
    if (folder === this._where && !this._isDisposed) {
      this._folder = folder;
      this._files = found;
      this._changed.emit();
    }
  }

  /** Open a file, whose path is relative to the folder in front. */
  open(file: string): void {
    const { trans, workspace } = this._options;
    void workspace
      .open(PathExt.join(this._where, file))
      .catch(() => false)
      .then(isOpen => {
        if (!isOpen) {
          workspace.tell('alert', trans.__('%1 cannot be opened.', file));
        }
      });
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    this._isDisposed = true;
    Signal.clearData(this);
  }

  private get _where(): string {
    const { notebooks, workspace } = this._options;
    const { current } = notebooks;
    return current ? PathExt.dirname(current.path) : workspace.folder();
  }

  private _changed = new Signal<this, void>(this);
  private _files: readonly IFileInfo[] = [];
  private _folder: string | null = null;
  private _isDisposed = false;
}

export namespace Surroundings {
  export interface IOptions {
    files: IFiles;
    notebooks: INotebooks;
    sessions: ISessions;
    trans: TranslationBundle;
    workspace: Pick<IWorkspace, 'folder' | 'open' | 'tell'>;
  }
}
