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

import { Attachment } from '../protocol';
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

  /** What can be attached or named: more with each list, as it is found. */
  async *things(path: string, query: string): AsyncGenerator<ISuggestion[]> {
    const fits = ({ detail, label }: ISuggestion) =>
      `${label}\n${detail}`.toLowerCase().includes(query.toLowerCase());
    // A path may be typed as well.
    const slash = query.lastIndexOf('/');
    const folder = query.slice(0, Math.max(slash, 0));
    let all = folder ? [] : this._cells(path).filter(fits);
    yield all.slice(0, MOST);
    const name = query.slice(slash + 1).toLowerCase();
    const files = await this._files(path, folder);
    all = [...all, ...files.filter(({ id }) => id.includes(name))];
    yield all.slice(0, MOST);
    if (!folder) {
      const variables = await this._variables(path);
      yield [...all.slice(0, MOST), ...variables.filter(fits).slice(0, MOST)];
    }
  }

  private _cells(path: string): ISuggestion[] {
    const { notebooks, trans } = this._options;
    const cells = notebooks.cells(path);
    const selection = notebooks.selection(path);
    const suggestions: ISuggestion[] = [];
    if (selection) {
      const attachment = selectionAttachment(cells, selection, trans);
      suggestions.push({
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
    return [
      ...suggestions,
      ...byCell.splice(active, active < 0 ? 0 : 1),
      ...byCell
    ];
  }

  private async _files(path: string, folder: string): Promise<ISuggestion[]> {
    const { files } = this._options;
    const place = PathExt.join(PathExt.dirname(path), folder);
    const found = await files.list(place).catch(() => []);
    return found
      .filter(file => file.path !== path)
      .map(file => {
        const name = folder ? `${folder}/${file.name}` : file.name;
        return {
          id: file.name.toLowerCase(),
          label: file.isFolder ? `${name}/` : name,
          detail: '',
          icon: file.isFolder ? folderIcon : fileIcon,
          text: file.isFolder ? `@${name}/` : name,
          goesOn: file.isFolder,
          attach: file.isFolder ? undefined : () => files.attach(file.path)
        };
      });
  }

  private async _variables(path: string): Promise<ISuggestion[]> {
    const { notebooks, trans } = this._options;
    const names = await notebooks.variables(path).catch(() => []);
    return names.map(name => ({
      id: `variable ${name}`,
      label: name,
      detail: trans.__('variable'),
      icon: variableIcon,
      text: `\`${name}\``
    }));
  }
}

export namespace Suggester {
  export interface IOptions {
    files: IFiles;
    notebooks: INotebooks;
    trans: TranslationBundle;
  }
}

function brief(text: string): string {
  const [line = ''] = text.trim().split('\n', 1);
  return line.slice(0, 80);
}
