import { Attachment } from '../protocol';
import { fileAttachment, textAttachment } from '../session/attachments';
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

  async read(file: File): Promise<Attachment> {
    if (file.name.endsWith('.exe')) {
      throw new Error(`${file.name} is not a text.`);
    }
    return textAttachment(file.name, 'text');
  }
}
