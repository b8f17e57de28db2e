import { PathExt } from '@jupyterlab/coreutils';
import { Contents } from '@jupyterlab/services';
import { TranslationBundle } from '@jupyterlab/translation';

import { Attachment } from '../protocol';
import { fileAttachment, imageAttachment } from '../session/attachments';
import { sizeOf } from './file-size';
import { isPicture, readImage } from './images';
import { Uploader } from './uploader';

/** The most bytes of a picture to attach as an image. */
const MOST_BYTES = 4_000_000;
/** What is shown of a text before it is attached: lines, and the characters of each. */
const LINES = 6;
const CHARACTERS = 120;

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

  /**
   * Put a file of the user's own machine into a folder of Jupyter's contents, and return it as an attachment.
   *
   * The user is asked about a large file, and about a name in use; `null` if they decide against it. Throws an error
   * for the user if it fails.
   */
  upload(
    file: File,
    folder: string,
    onProgress: (share: number) => void
  ): Promise<Attachment | null>;

  /** A picture from the clipboard, which is no file, as an attachment. */
  read(picture: File): Promise<Attachment>;
}

export class Files implements IFiles {
  constructor(
    private _contents: Pick<Contents.IManager, 'get' | 'save'>,
    trans: TranslationBundle
  ) {
    this._uploader = new Uploader(_contents, trans);
  }

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
      return fileAttachment(name, path, sizeOf(size));
    }
    const { content } = await this._contents.get(path, { format: 'base64' });
    const data = String(content).replace(/\s/g, '');
    return imageAttachment(name, `data:${mimetype};base64,${data}`, path);
  }

  async upload(
    file: File,
    folder: string,
    onProgress: (share: number) => void
  ): Promise<Attachment | null> {
    const path = await this._uploader.upload(file, folder, onProgress);
    if (path === null) {
      return null;
    }
    const name = PathExt.basename(path);
    if (isPicture(file.type)) {
      return imageAttachment(name, await readImage(file), path);
    }
    const beginning = await beginningOf(file);
    const about = [sizeOf(file.size), beginning].filter(Boolean).join('\n');
    return fileAttachment(name, path, about);
  }

  async read(picture: File): Promise<Attachment> {
    return imageAttachment(picture.name, await readImage(picture));
  }

  private _uploader: Uploader;
}

/** The first lines of a file, if it is text. */
async function beginningOf(file: File): Promise<string> {
  const text = await file.slice(0, LINES * CHARACTERS * 4).text();
  if (text.includes('\0') || text.slice(0, 200).includes('\ufffd')) {
    return '';
  }
  return text
    .split('\n', LINES)
    .map(line => line.trimEnd().slice(0, CHARACTERS))
    .join('\n');
}
