import { Contents } from '@jupyterlab/services';
import { nullTranslator } from '@jupyterlab/translation';

import { MOST_TEXT } from '../../session/attachments';
import { Files } from '../files';

const trans = nullTranslator.load('jupyter_codeact');

interface IStored {
  mimetype: string;
  size: number;
  content: string;
}

function filesWith(stored: Record<string, IStored>): Files {
  const get = async (path: string, options?: Contents.IFetchOptions) => {
    const { content, mimetype, size } = stored[path];
    const isWhole = options?.content !== false;
    return { mimetype, size, content: isWhole ? content : null };
  };
  return new Files({ get } as unknown as Contents.IManager, trans);
}

describe('A file of the contents', () => {
  const files = filesWith({
    'a/data.csv': { mimetype: 'text/csv', size: 4, content: 'a,b\n' },
    'a/plot.png': { mimetype: 'image/png', size: 4, content: 'aGVs\nbG8=\n' },
    'a/big.png': { mimetype: 'image/png', size: 9_000_000, content: '' }
  });

  it('is told by its path', async () => {
    expect(await files.attach('a/data.csv')).toMatchObject({
      kind: 'file',
      name: 'data.csv',
      path: 'a/data.csv',
      text: ''
    });
  });

  it('is shown if it is a picture', async () => {
    expect(await files.attach('a/plot.png')).toMatchObject({
      kind: 'image',
      image: 'data:image/png;base64,aGVsbG8='
    });
  });

  it('is told by its path if it is too big a picture', async () => {
    expect(await files.attach('a/big.png')).toMatchObject({ kind: 'file' });
  });
});

describe('A file of the machine', () => {
  const files = filesWith({});

  /** A file whose text can be read, which jsdom's cannot. */
  function file(name: string, text: string, type = ''): File {
    const made = new Blob([text], { type });
    const slice = (start: number, end: number) => ({
      text: async () => text.slice(start, end)
    });
    return Object.assign(made, { name, slice }) as unknown as File;
  }

  it('is attached as its text, cut where it is long', async () => {
    const brought = await files.read(file('a.txt', 'x'.repeat(100_000)));
    expect(brought).toMatchObject({ kind: 'selection', name: 'a.txt' });
    expect(brought.text).toHaveLength(MOST_TEXT);
  });

  it('is attached as an image if it is a picture', async () => {
    const brought = await files.read(file('a.png', 'hello', 'image/png'));
    expect(brought.image).toBe('data:image/png;base64,aGVsbG8=');
  });

  it('is refused if it is neither', async () => {
    await expect(files.read(file('a.bin', 'a\0b'))).rejects.toThrow(
      'a.bin is not a text or a picture. Upload it in the file browser'
    );
  });
});
