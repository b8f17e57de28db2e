import { nullTranslator } from '@jupyterlab/translation';

import { Variable } from '../../protocol';
import { IFileInfo } from '../files';
import { dataFiles, sight, starters } from '../starters';

const trans = nullTranslator.load('jupyter_codeact');

function table(name: string, rows: number): Variable {
  const summary = `${rows} rows x 8 columns: species str`;
  return { name, type: 'DataFrame', summary, names: [] };
}

function file(path: string, isFolder = false): IFileInfo {
  return { name: path.split('/').pop()!, path, isFolder };
}

const PENGUINS = table('penguins', 344);
const NUMBER: Variable = { name: 'n', type: 'int', summary: '= 3', names: [] };
const ORDERS = file('work/orders.csv');

describe('What there is to work with', () => {
  it.each<[Variable[], IFileInfo[], string]>([
    [[NUMBER], [], ''],
    [[PENGUINS], [], 'I see `penguins` (344 × 8).'],
    [
      [NUMBER, PENGUINS],
      [ORDERS],
      'I see `penguins` (344 × 8) and `orders.csv`.'
    ],
    [
      [table('a', 1), table('b', 2000)],
      [ORDERS, file('x.csv')],
      'I see `b` (2,000 × 8), `a` (1 × 8), `orders.csv` and 1 more.'
    ]
  ])('is said in a sentence', (variables, files, said) => {
    expect(sight(variables, files, trans)).toBe(said);
  });

  it('are of files only those with data', () => {
    const files = [
      ...[ORDERS, file('a.ipynb'), file('B.XLSX')],
      ...[file('c.py'), file('d.csv', true)]
    ];
    expect(dataFiles(files).map(({ name }) => name)).toEqual([
      'orders.csv',
      'B.XLSX'
    ]);
  });
});

describe('The first tasks', () => {
  it('are four, whatever there is, about the latest table, else a file', () => {
    const all = [
      starters([PENGUINS, table('last', 1)], [ORDERS], true, trans),
      starters([PENGUINS], [], true, trans),
      starters([], [ORDERS], false, trans),
      starters([], [], true, trans),
      starters([NUMBER], [], false, trans)
    ];
    expect(all.map(({ length }) => length)).toEqual([4, 4, 4, 4, 4]);
    expect(all[0][0].task).toContain('`last`');
    expect(all[0][3]).toMatchObject({ path: 'work/orders.csv' });
    expect(all[2].every(({ path }) => path === 'work/orders.csv')).toBe(true);
    expect(all[3][0].task).toContain('Explain this notebook');
  });
});
