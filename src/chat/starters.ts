import { PathExt } from '@jupyterlab/coreutils';
import { TranslationBundle } from '@jupyterlab/translation';

import { Variable } from '../protocol';
import { IFileInfo } from './files';

/** Kinds of files with data that a notebook works with. */
const DATA = [
  ...['.csv', '.tsv', '.parquet', '.feather', '.xlsx', '.xls', '.json'],
  ...['.jsonl', '.h5', '.hdf5', '.nc', '.npy', '.npz', '.sqlite', '.db']
];
/** How many names a sentence has room for. */
const MOST = 3;

/** A task to begin with. */
export interface IStarter {
  readonly task: string;
  /** The path of the file it is about. */
  readonly path?: string;
}

/** A table in the kernel. */
interface ITable {
  readonly name: string;
  /** "344 × 8", if it is known. */
  readonly size: string;
}

/** The files with data among those of a folder. */
export function dataFiles(files: readonly IFileInfo[]): IFileInfo[] {
  return files.filter(
    ({ isFolder, name }) =>
      !isFolder && DATA.includes(PathExt.extname(name).toLowerCase())
  );
}

/** The tables among the variables, those defined last first. */
function tables(variables: readonly Variable[]): ITable[] {
  return variables
    .filter(({ type }) => type === 'DataFrame')
    .map(({ name, summary }) => {
      const [, rows, columns] = /^(\d+) rows x (\d+)/.exec(summary) ?? [];
      const size = rows
        ? `${Number(rows).toLocaleString()} × ${Number(columns).toLocaleString()}`
        : '';
      return { name, size };
    })
    .reverse();
}

/** What there is to work with, in Markdown; empty if there is nothing. */
export function sight(
  variables: readonly Variable[],
  files: readonly IFileInfo[],
  trans: TranslationBundle
): string {
  const names = [
    ...tables(variables).map(({ name, size }) =>
      size ? `\`${name}\` (${size})` : `\`${name}\``
    ),
    ...files.map(({ name }) => `\`${name}\``)
  ];
  const shown = names.slice(0, MOST);
  const more = names.length - shown.length;
  if (more > 0) {
    return trans.__('I see %1 and %2 more.', shown.join(', '), more);
  }
  const last = shown.pop();
  if (last === undefined) {
    return '';
  }
  return shown.length > 0
    ? trans.__('I see %1 and %2.', shown.join(', '), last)
    : trans.__('I see %1.', last);
}

/** Four tasks to begin with, about the latest table, else a file, else the notebook itself. */
export function starters(
  variables: readonly Variable[],
  files: readonly IFileInfo[],
  hasCells: boolean,
  trans: TranslationBundle
): IStarter[] {
  const [table] = tables(variables);
  const [file] = files;
  if (table) {
    const name = `\`${table.name}\``;
    return [
      {
        task: trans.__('Describe %1: what is in it, and what is missing?', name)
      },
      { task: trans.__('Plot what is most worth seeing in %1.', name) },
      {
        task: trans.__(
          'Fit a simple model to %1, and say how good it is.',
          name
        )
      },
      file
        ? about(trans.__('Load %1 and show what is in it.', file.name), file)
        : { task: trans.__('Which rows of %1 look wrong, and why?', name) }
    ];
  }
  if (file) {
    const { name } = file;
    return [
      about(trans.__('Load %1 and show what is in it.', name), file),
      about(trans.__('Plot what is most worth seeing in %1.', name), file),
      about(
        trans.__('Fit a simple model to %1, and say how good it is.', name),
        file
      ),
      about(
        trans.__('Which values in %1 are missing or look wrong?', name),
        file
      )
    ];
  }
  if (hasCells) {
    return [
      { task: trans.__('Explain this notebook, step by step.') },
      { task: trans.__('Look for mistakes in this notebook.') },
      { task: trans.__('Plot the most important result.') },
      { task: trans.__('Sum up the results as a Markdown cell at the end.') }
    ];
  }
  return [
    { task: trans.__('Make a table of example data and plot it.') },
    { task: trans.__('Fit a line to noisy points, and draw both.') },
    { task: trans.__('Simulate a thousand throws of two dice.') },
    { task: trans.__('Show which packages for data are installed here.') }
  ];
}

function about(task: string, { path }: IFileInfo): IStarter {
  return { task, path };
}
