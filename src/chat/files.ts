import { PathExt } from '@jupyterlab/coreutils';
import { Contents } from '@jupyterlab/services';
import { TranslationBundle } from '@jupyterlab/translation';

import { Attachment } from '../protocol';
import {
  fileAttachment,
  imageAttachment,
  MOST_TEXT,
  textAttachment
} from '../session/attachments';
import { isPicture, readImage } from './images';

/** The most bytes of a picture to attach as an image. */
const MOST_BYTES = 4_000_000;

/** A file or folder the user can choose. */
export interface IFileInfo {
  readonly name: string;
  /** The path in Jupyter's contents. */
  readonly path: string;
  readonly isFolder: boolean;
}

/** Files that can be attached: those in Jupyter's contents, and those of the user's own machine. */
export interface IFiles {
  /** The files and folders in a folder. */
  list(folder: string): Promise<IFileInfo[]>;

  /** A file in Jupyter's contents as an attachment. */
  attach(path: string): Promise<Attachment>;

  /** A file of the user's own machine as an attachment; throws an error for the user if it cannot be attached. */
  read(file: File): Promise<Attachment>;
}

export class Files implements IFiles {
  constructor(
    private _contents: Pick<Contents.IManager, 'get'>,
    private _trans: TranslationBundle
  ) {}

  async list(folder: string): Promise<IFileInfo[]> {
    const { content } = await this._contents.get(folder);
    return (content as Contents.IModel[]).map(({ name, path, type }) => ({
      name,
      path,
      isFolder: type === 'directory'
    }));
  }

  async attach(path: string): Promise<Attachment> {
    const { mimetype, size } = await this._contents.get(path, {
      content: false
    });
    const name = PathExt.basename(path);
    if (!isPicture(mimetype) || (size ?? 0) > MOST_BYTES) {
      // The server reads the beginning of it.
      return fileAttachment(name, path);
    }
    const { content } = await this._contents.get(path, { format: 'base64' });
    const data = String(content).replace(/\s/g, '');
    return imageAttachment(name, `data:${mimetype};base64,${data}`);
  }

  async read(file: File): Promise<Attachment> {
    if (isPicture(file.type)) {
      return imageAttachment(file.name, await readImage(file));
    }
    const text = await file.slice(0, 4 * MOST_TEXT).text();
    if (text.includes('\0') || text.includes('\ufffd')) {
      throw new Error(
        this._trans.__(
          '%1 is not a text or a picture. Upload it in the file browser, then attach it from there.',
          file.name
        )
      );
    }
    return textAttachment(file.name, text);
  }
}
