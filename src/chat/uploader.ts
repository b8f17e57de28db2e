import { Dialog, showDialog } from '@jupyterlab/apputils';
import { PathExt } from '@jupyterlab/coreutils';
import { Contents, ServerConnection } from '@jupyterlab/services';
import { TranslationBundle } from '@jupyterlab/translation';

import { sizeOf } from './file-size';
import { dataUri } from './images';

/** Bytes of a file that are sent at once. */
const CHUNK = 1024 * 1024;
/** Bytes above which the user is asked before a file is uploaded. */
const LARGE = 100_000_000;

/** Puts files of the user's own machine into Jupyter's contents. */
export class Uploader {
  constructor(
    private _contents: Pick<Contents.IManager, 'get' | 'save'>,
    private _trans: TranslationBundle
  ) {}

  /** Upload a file, and return its path; `null` if the user decides against it. */
  async upload(
    file: File,
    folder: string,
    onProgress: (share: number) => void
  ): Promise<string | null> {
    if (file.size > LARGE && !(await this._confirmLarge(file))) {
      return null;
    }
    const path = await this._place(file.name, folder);
    if (path !== null) {
      await this._send(file, path, onProgress);
    }
    return path;
  }

  private async _confirmLarge(file: File): Promise<boolean> {
    const trans = this._trans;
    const { button } = await showDialog({
      title: trans.__('Upload %1?', file.name),
      body: trans.__(
        '%1 has %2. It is copied beside the notebook, which may take a while.',
        file.name,
        sizeOf(file.size)
      ),
      buttons: [
        Dialog.cancelButton({ label: trans.__('Cancel') }),
        Dialog.okButton({ label: trans.__('Upload') })
      ]
    });
    return button.accept;
  }

  /** Return the path that a file is to have; asks the user if the name is in use. */
  private async _place(name: string, folder: string): Promise<string | null> {
    const trans = this._trans;
    const path = PathExt.join(folder, name);
    if (await this._isFree(path)) {
      return path;
    }
    const keepBoth = Dialog.createButton({ label: trans.__('Keep Both') });
    const replace = Dialog.warnButton({ label: trans.__('Replace') });
    const { button } = await showDialog({
      title: trans.__('%1 is there already', name),
      body: trans.__(
        'Replace the file beside the notebook, or keep both, the new one under another name?'
      ),
      buttons: [
        Dialog.cancelButton({ label: trans.__('Cancel') }),
        replace,
        keepBoth
      ],
      defaultButton: 2
    });
    if (button.label === keepBoth.label) {
      return this._freePath(name, folder);
    }
    return button.label === replace.label ? path : null;
  }

  private async _freePath(name: string, folder: string): Promise<string> {
    const extension = PathExt.extname(name);
    const stem = PathExt.basename(name, extension);
    for (let number = 1; ; number++) {
      const path = PathExt.join(folder, `${stem}-${number}${extension}`);
      if (await this._isFree(path)) {
        return path;
      }
    }
  }

  private async _isFree(path: string): Promise<boolean> {
    try {
      await this._contents.get(path, { content: false });
      return false;
    } catch (error) {
      const status = (error as ServerConnection.ResponseError).response?.status;
      if (status === 404) {
        return true;
      }
      throw error;
    }
  }

  private async _send(
    file: File,
    path: string,
    onProgress: (share: number) => void
  ): Promise<void> {
    const type = 'file';
    const format = 'base64';
    const count = Math.max(1, Math.ceil(file.size / CHUNK));
    for (let index = 0; index < count; index++) {
      onProgress(index / count);
      const part = file.slice(index * CHUNK, (index + 1) * CHUNK);
      const [, content = ''] = (await dataUri(part)).split(',');
      const isLast = index === count - 1;
      const chunk = count === 1 ? {} : { chunk: isLast ? -1 : index + 1 };
      await this._contents.save(path, { type, format, content, ...chunk });
    }
  }
}
