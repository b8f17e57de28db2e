import { Contents } from '@jupyterlab/services';
import { waitForDialog } from '@jupyterlab/testing';
import { nullTranslator } from '@jupyterlab/translation';

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
      text: '4 B'
    });
  });

  it('is shown if it is a picture', async () => {
    expect(await files.attach('a/plot.png')).toMatchObject({
      kind: 'image',
      path: 'a/plot.png',
      image: 'data:image/png;base64,aGVsbG8='
    });
  });

  it('is told by its path if it is too big a picture', async () => {
    expect(await files.attach('a/big.png')).toMatchObject({ kind: 'file' });
  });
});

describe('A file of the machine', () => {
  let stored: Map<string, string>;
  let chunks: (number | undefined)[];
  let files: Files;

  beforeEach(() => {
    stored = new Map();
    chunks = [];
    const get = async (path: string) => {
      if (!stored.has(path)) {
        throw Object.assign(new Error('None'), { response: { status: 404 } });
      }
    };
    const save = async (path: string, model: Partial<Contents.IModel>) => {
      const { chunk } = model as { chunk?: number };
      chunks.push(chunk);
      const isFirst = chunk === undefined || chunk === 1;
      const before = isFirst ? '' : stored.get(path);
      stored.set(path, before + atob(model.content));
    };
    const contents = { get, save } as unknown as Contents.IManager;
    files = new Files(contents, trans);
  });

  /** A file whose text can be read, which jsdom's cannot. */
  function file(name: string, text: string, type = ''): File {
    const made = new Blob([text], { type });
    const slice = (start: number, end: number) =>
      Object.assign(new Blob([text.slice(start, end)]), {
        text: async () => text.slice(start, end)
      });
    return Object.assign(made, { name, slice }) as unknown as File;
  }

  const upload = (one: File, onProgress = () => undefined as void) =>
    files.upload(one, 'work', onProgress);

  async function answer(label: string): Promise<void> {
    await waitForDialog();
    const buttons = document.querySelectorAll<HTMLElement>('.jp-Dialog button');
    [...buttons].find(({ textContent }) => textContent === label)!.click();
  }

  it('is put beside the notebook, and attached with its size and first lines', async () => {
    const text = 'a,b\r\n' + '1,2\n'.repeat(300);
    expect(await upload(file('a.csv', text))).toMatchObject({
      kind: 'file',
      name: 'a.csv',
      path: 'work/a.csv',
      text: '1.2 kB\na,b\n1,2\n1,2\n1,2\n1,2\n1,2'
    });
    expect(stored.get('work/a.csv')).toBe(text);
  });

  it('may be of any kind', async () => {
    expect(await upload(file('a.parquet', 'PAR1\0'))).toMatchObject({
      path: 'work/a.parquet',
      text: '5 B'
    });
    expect(await upload(file('e', ''))).toMatchObject({ text: '0 B' });
  });

  it('is shown to the model as well if it is a picture', async () => {
    expect(await upload(file('a.png', 'hello', 'image/png'))).toMatchObject({
      kind: 'image',
      path: 'work/a.png',
      image: 'data:image/png;base64,aGVsbG8='
    });
  });

  it('is sent in parts if it is large, and tells how far it is', async () => {
    const text = 'x'.repeat(2.5 * 1024 * 1024);
    const shares: number[] = [];
    await files.upload(file('a.txt', text), '', share => shares.push(share));
    expect(stored.get('a.txt')).toHaveLength(text.length);
    expect(chunks).toEqual([1, 2, -1]);
    expect(shares.map(share => share.toFixed(2))).toEqual([
      '0.00',
      '0.33',
      '0.67'
    ]);
  });

  it.each([
    ['Replace', 'work/a.csv', 'new'],
    ['Keep Both', 'work/a-2.csv', 'old'],
    ['Cancel', undefined, 'old']
  ])('whose name is in use is asked about: %s', async (label, path, kept) => {
    stored.set('work/a.csv', 'old').set('work/a-1.csv', 'older');
    const uploaded = upload(file('a.csv', 'new'));
    await answer(label);
    expect((await uploaded)?.path).toBe(path);
    expect(stored.get('work/a.csv')).toBe(kept);
  });

  it('that is very large is asked about', async () => {
    const huge = Object.defineProperty(file('a.csv', 'x'), 'size', {
      value: 2_500_000_000
    });
    const uploaded = upload(huge);
    await waitForDialog();
    expect(document.querySelector('.jp-Dialog')!.textContent).toContain(
      'a.csv has 2.5 GB.'
    );
    await answer('Cancel');
    expect(await uploaded).toBeNull();
    expect(stored.size).toBe(0);
  });
});
