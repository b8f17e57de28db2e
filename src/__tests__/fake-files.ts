import { Attachment } from '../protocol';
import { fileAttachment, imageAttachment } from '../session/attachments';
import { IFileInfo, IFiles } from '../chat/files';

/** Files that are where the test says, by folder. */
export class FakeFiles implements IFiles {
  constructor(private _folders: Record<string, string[]> = {}) {}

  async list(folder: string): Promise<IFileInfo[]> {
    const names = this._folders[folder];
    if (!names) {
      throw new Error('No such folder');
    }
    return names.map(name => ({
      name: name.replace('/', ''),
      path: folder ? `${folder}/${name}` : name,
      isFolder: name.endsWith('/')
    }));
  }

  async attach(path: string): Promise<Attachment> {
    return fileAttachment(path, path);
  }

  async upload(
    file: File,
    folder: string,
    onProgress: (share: number) => void
  ): Promise<Attachment | null> {
    onProgress(0.5);
    await Promise.resolve();
    if (file.name.endsWith('.exe')) {
      throw new Error(`${file.name} may not be uploaded.`);
    }
    const isKept = file.name !== 'unwanted.csv';
    const path = folder ? `${folder}/${file.name}` : file.name;
    return isKept ? fileAttachment(file.name, path, '4 B') : null;
  }

  async read(picture: File): Promise<Attachment> {
    return imageAttachment(picture.name, 'data:image/png;base64,aGVsbG8=');
  }
}
