import { NotebookPanel } from '@jupyterlab/notebook';

import { ICellInfo } from '../tokens';

/** Lists the user's variables; what IPython itself made is not among them. */
const WHO = "get_ipython().run_line_magic('who_ls', '')";

export function cellsOf(panel: NotebookPanel): ICellInfo[] {
  const { activeCell, widgets } = panel.content;
  return widgets.map(cell => ({
    id: cell.model.id,
    type: cell.model.type as ICellInfo['type'],
    source: cell.model.sharedModel.getSource(),
    isActive: cell === activeCell
  }));
}

/** What is selected in the active cell's editor, or else in what the cell shows. */
export function selectionOf(
  panel: NotebookPanel
): { cellId: string; text: string } | null {
  const cell = panel.content.activeCell;
  if (!cell) {
    return null;
  }
  const { editor } = cell;
  let text = '';
  if (editor) {
    const { start, end } = editor.getSelection();
    const offsets = [editor.getOffsetAt(start), editor.getOffsetAt(end)];
    text = cell.model.sharedModel
      .getSource()
      .slice(Math.min(...offsets), Math.max(...offsets));
  }
  const onPage = window.getSelection();
  if (!text && onPage && cell.node.contains(onPage.anchorNode)) {
    text = onPage.toString();
  }
  return text.trim() ? { cellId: cell.model.id, text } : null;
}

export async function variablesOf(panel: NotebookPanel): Promise<string[]> {
  const kernel = panel.sessionContext.session?.kernel;
  if (kernel?.status !== 'idle' || !(await isPython(kernel.info))) {
    return [];
  }
  const { content } = await kernel.requestExecute({
    code: '',
    silent: true,
    store_history: false,
    user_expressions: { names: WHO }
  }).done;
  if (content.status !== 'ok') {
    return [];
  }
  const names = content.user_expressions?.names as
    { data?: Record<string, string> } | undefined;
  return [...(names?.data?.['text/plain'] ?? '').matchAll(/'([^']+)'/g)].map(
    ([, name]) => name
  );
}

async function isPython(
  info: Promise<{ language_info: { name: string } }>
): Promise<boolean> {
  return (await info).language_info.name === 'python';
}

/** Insert a code cell below the active one; returns its id. */
export function insertBelow(panel: NotebookPanel, source: string): string {
  const { sharedModel } = panel.content.model!;
  return sharedModel
    .insertCell(panel.content.activeCellIndex + 1, {
      cell_type: 'code',
      source,
      metadata: { trusted: true }
    })
    .getId();
}

/** Replace what the active cell holds; returns its id. */
export function replaceActive(
  panel: NotebookPanel,
  source: string
): string | null {
  const { activeCell } = panel.content;
  activeCell?.model.sharedModel.setSource(source);
  return activeCell?.model.id ?? null;
}
