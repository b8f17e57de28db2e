import { PathExt } from '@jupyterlab/coreutils';
import { TranslationBundle } from '@jupyterlab/translation';
import {
  codeIcon,
  editIcon,
  fileIcon,
  folderIcon,
  LabIcon,
  launchIcon,
  markdownIcon,
  variableIcon
} from '@jupyterlab/ui-components';

import { Attachment, Variable } from '../protocol';
import {
  cellAttachment,
  cellName,
  selectionAttachment
} from '../session/attachments';
import { INotebooks } from '../tokens';

import { IFiles } from './files';
import { slashCommands, splitSlash } from './slash-commands';

const MOST = 40;

/** Something to put in the place of the word being typed. */
export interface ISuggestion {
  readonly id: string;
  readonly label: string;
  readonly detail: string;
  readonly icon: LabIcon;
  /** What takes the place of the word being typed. */
  readonly text: string;
  /** Whether it leads to further suggestions, as a folder does. */
  readonly goesOn?: boolean;
  /** Whether it is a command, to be run at once. */
  readonly isCommand?: boolean;
  readonly attach?: () => Promise<Attachment> | Attachment;
}

/** A word being typed for which there may be suggestions. */
export interface IWord {
  readonly sign: '@' | '/';
  readonly query: string;
  /** Where it begins and ends in the text. */
  readonly start: number;
  readonly end: number;
}

/** The word at the cursor, if there may be suggestions for it. */
export function wordAt(text: string, cursor: number): IWord | null {
  const name = splitSlash(text);
  if (name !== null) {
    return { sign: '/', query: name, start: 0, end: text.length };
  }
  const found = /(?:^|\s)@([^\s@]*)$/.exec(text.slice(0, cursor));
  if (!found) {
    return null;
  }
  const [, query] = found;
  return { sign: '@', query, start: cursor - query.length - 1, end: cursor };
}

/** Finds suggestions. */
export class Suggester {
  constructor(private _options: Suggester.IOptions) {}

  commands(query: string): ISuggestion[] {
    return slashCommands(this._options.trans)
      .filter(({ name }) => name.startsWith(query))
      .map(({ name, description }) => ({
        id: `/${name}`,
        label: `/${name}`,
        detail: description,
        icon: launchIcon,
        text: `/${name}`,
        isCommand: true
      }));
  }

  /**
   * What can be attached or named, the likeliest first: more with the second list, once it is found.
   *
   * That is what is selected, then the files and variables, then the cells; of those that fit what is typed, the ones
   * that begin with it come first.
   */
  async *things(path: string, query: string): AsyncGenerator<ISuggestion[]> {
    // A path may be typed as well.
    const slash = query.lastIndexOf('/');
    const folder = query.slice(0, Math.max(slash, 0));
    if (folder) {
      const files = await this._files(path, folder);
      yield ranked(files, query).slice(0, MOST);
      return;
    }
    const [here, cells] = this._cells(path);
    yield ranked(here, query);
    const [files, variables] = await Promise.all([
      this._files(path, ''),
      this._variables(path)
    ]);
    const all = [...here, ...sorted([...files, ...variables]), ...cells];
    yield ranked(all, query).slice(0, MOST);
  }

  /** What is selected and the active cell, and all other cells. */
  private _cells(path: string): [ISuggestion[], ISuggestion[]] {
    const { notebooks, trans } = this._options;
    const cells = notebooks.cells(path);
    const selection = notebooks.selection(path);
    const here: ISuggestion[] = [];
    if (selection) {
      const attachment = selectionAttachment(cells, selection, trans);
      here.push({
        id: 'selection',
        label: trans.__('Selected text'),
        detail: brief(selection.text),
        icon: editIcon,
        text: attachment.name,
        attach: () => attachment
      });
    }
    const activeCell = notebooks.activeCell(path);
    const byCell = cells.map((cell, index): ISuggestion => {
      const name = cellName(index, trans);
      return {
        id: cell.id,
        label: cell.id === activeCell ? trans.__('%1 (active)', name) : name,
        detail: brief(cell.source),
        icon: cell.type === 'markdown' ? markdownIcon : codeIcon,
        text: name,
        attach: () => cellAttachment(cells, cell, trans)
      };
    });
    const active = cells.findIndex(({ id }) => id === activeCell);
    here.push(...byCell.splice(active, active < 0 ? 0 : 1));
    return [here, byCell];
  }

  private async _files(path: string, folder: string): Promise<ISuggestion[]> {
    const { files, trans } = this._options;
    const place = PathExt.join(PathExt.dirname(path), folder);
    const found = await files.list(place).catch(() => []);
    return found
      .filter(file => file.path !== path)
      .map(file => {
        const name = folder ? `${folder}/${file.name}` : file.name;
        const kind = PathExt.extname(name).slice(1).toUpperCase();
        return {
          id: `file ${name}`,
          label: file.isFolder ? `${name}/` : name,
          detail: file.isFolder
            ? trans.__('folder')
            : trans.__('%1 file', kind).trim(),
          icon: file.isFolder ? folderIcon : fileIcon,
          text: file.isFolder ? `@${name}/` : name,
          goesOn: file.isFolder,
          attach: file.isFolder ? undefined : () => files.attach(file.path)
        };
      });
  }

  private async _variables(path: string): Promise<ISuggestion[]> {
    const { notebooks, trans, variables } = this._options;
    let found = variables(path) ?? [];
    if (found.length === 0) {
      // The server cannot look into every kernel; then the names must do.
      const names = await notebooks.variables(path).catch(() => []);
      found = names.map(name => ({ name, type: '', summary: '', names: [] }));
    }
    return found.map(({ name, summary, type }) => ({
      id: `variable ${name}`,
      label: name,
      detail:
        [type, summary.split(':', 1)[0].slice(0, 60)]
          .filter(Boolean)
          .join(' · ') || trans.__('variable'),
      icon: variableIcon,
      text: `\`${name}\``
    }));
  }
}

/** The suggestions that fit what is typed: by where it is in them, else in their order. */
function ranked(all: readonly ISuggestion[], query: string): ISuggestion[] {
  const typed = query.toLowerCase();
  const rank = ({ detail, label }: ISuggestion) => {
    const at = label.toLowerCase().indexOf(typed);
    return at < 0 ? (detail.toLowerCase().includes(typed) ? 2 : 3) : +(at > 0);
  };
  return all
    .filter(each => rank(each) < 3)
    .sort((one, other) => rank(one) - rank(other));
}

function sorted(all: ISuggestion[]): ISuggestion[] {
  return all.sort((one, other) => one.label.localeCompare(other.label));
}

export namespace Suggester {
  export interface IOptions {
    files: IFiles;
    notebooks: INotebooks;
    trans: TranslationBundle;
    /** What is known of the variables in a notebook's kernel. */
    variables: (path: string) => readonly Variable[] | null;
  }
}

function brief(text: string): string {
  const [line = ''] = text.trim().split('\n', 1);
  return line.slice(0, 80);
}
