import { PathExt } from '@jupyterlab/coreutils';
import { TranslationBundle } from '@jupyterlab/translation';

import { Attachment } from '../protocol';
import { ICellBrief } from '../tokens';

/** The most characters of a text to attach; the agent can open the rest itself. */
export const MOST_TEXT = 20_000;

function attachment(
  kind: Attachment['kind'],
  name: string,
  rest: Partial<Attachment>
): Attachment {
  return {
    kind,
    name,
    text: '',
    cell_id: null,
    path: null,
    image: null,
    ...rest
  };
}

/** What to call a cell: its place in the notebook, from 1. */
export function cellName(index: number, trans: TranslationBundle): string {
  return trans.__('cell %1', index + 1);
}

/** What to call a cell beside the notebook: the number that it shows, or else its place. */
export function cellLabel(
  { count, index }: { count: number | null; index: number },
  trans: TranslationBundle
): string {
  if (count !== null) {
    return trans.__('cell [%1]', count);
  }
  return index < 0 ? trans.__('cell') : cellName(index, trans);
}

export function cellAttachment(
  cells: readonly ICellBrief[],
  cell: ICellBrief,
  trans: TranslationBundle
): Attachment {
  const index = cells.findIndex(({ id }) => id === cell.id);
  return attachment('cell', cellName(index, trans), {
    cell_id: cell.id,
    text: cell.source
  });
}

export function selectionAttachment(
  cells: readonly ICellBrief[],
  selection: { cellId: string; text: string },
  trans: TranslationBundle
): Attachment {
  const index = cells.findIndex(({ id }) => id === selection.cellId);
  const name = trans.__('selection in %1', cellName(index, trans));
  return {
    ...textAttachment(name, selection.text),
    cell_id: selection.cellId
  };
}

/** A file in Jupyter's contents; `about` is what the page knows of it. */
export function fileAttachment(
  name: string,
  path: string,
  about = ''
): Attachment {
  return attachment('file', name, { path, text: about });
}

/** A text that is not in Jupyter's contents. */
export function textAttachment(name: string, text: string): Attachment {
  return attachment('selection', name, { text: text.slice(0, MOST_TEXT) });
}

/** A picture, with its path if it is a file in Jupyter's contents. */
export function imageAttachment(
  name: string,
  image: string,
  path: string | null = null
): Attachment {
  return attachment('image', name, { image, path });
}

/** The attachments of an earlier task, to be sent again: the server has made the paths relative to the notebook. */
export function reattached(
  attachments: readonly Attachment[],
  notebook: string
): Attachment[] {
  const folder = PathExt.dirname(notebook);
  return attachments.map(each =>
    each.path !== null
      ? { ...each, path: PathExt.join(folder, each.path) }
      : each
  );
}

/** Whether two attachments are about the same thing. */
export function isSame(a: Attachment, b: Attachment): boolean {
  if (a.path !== null || b.path !== null) {
    return a.path === b.path;
  }
  return (
    a.kind === b.kind &&
    a.name === b.name &&
    a.cell_id === b.cell_id &&
    a.text === b.text &&
    a.image === b.image
  );
}
