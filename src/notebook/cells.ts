import {
  Cell,
  ICellModel,
  isCodeCellModel,
  MarkdownCell
} from '@jupyterlab/cells';
import { NotebookPanel } from '@jupyterlab/notebook';
import { TranslationBundle } from '@jupyterlab/translation';

import {
  Cell as CellState,
  DeleteCell,
  NotebookState,
  ReadCell,
  ReadState,
  RestoreCell,
  WriteCell
} from '../protocol';
import { kernelOf } from './kernel';
import { briefOutputs, Output } from './outputs';
import { UserError } from './user-error';

/** Read a notebook. */
export function readState(
  panel: NotebookPanel,
  { brief }: Pick<ReadState, 'brief'>,
  trans: TranslationBundle
): NotebookState {
  return {
    cells: panel.content.widgets.map(({ model }): CellState => {
      const json = model.toJSON();
      return {
        id: model.id,
        cell_type: model.type as CellState['cell_type'],
        source: model.sharedModel.getSource(),
        outputs: brief
          ? []
          : briefOutputs((json.outputs ?? []) as Output[], trans),
        execution_count: (json.execution_count ?? null) as number | null,
        protected: false
      };
    }),
    active_cell: panel.content.activeCell?.model.id ?? null,
    kernel: kernelOf(panel),
    variables: [], // read by the server, from the kernel
    tools: proposedTools(panel)
  };
}

/** Names of functions that the notebook proposes as tools: words for the model, which run nothing. */
function proposedTools(panel: NotebookPanel): string[] {
  const codeact = panel.content.model?.getMetadata('codeact') as unknown;
  const tools = (codeact as { tools?: unknown } | undefined)?.tools;
  return Array.isArray(tools)
    ? tools.filter((name): name is string => typeof name === 'string')
    : [];
}

/** Read a whole cell. */
export function readCell(
  panel: NotebookPanel,
  { cell_id }: ReadCell,
  trans: TranslationBundle
): Record<string, unknown> {
  const cell = findCell(panel, cell_id);
  if (!cell) {
    throw new UserError(trans.__('The cell is no longer in the notebook.'));
  }
  return { ...cell.model.toJSON() };
}

/** Put a whole cell back: in place if it is there, else below another. */
export function restoreCell(
  panel: NotebookPanel,
  { cell, after }: RestoreCell
): void {
  const { sharedModel } = panel.content.model!;
  const index = indexOf(panel, cell.id as string);
  const at = index >= 0 ? index : indexOf(panel, after) + 1;
  sharedModel.transact(() => {
    if (index >= 0) {
      sharedModel.deleteCell(index);
    }
    sharedModel.insertCell(
      at,
      cell as unknown as Parameters<typeof sharedModel.insertCell>[1]
    );
  });
}

/** What CodeAct last wrote into a cell: one that holds something else by now is the user's. */
const lastWritten = new WeakMap<ICellModel, string>();

function isChanged(model: ICellModel): boolean {
  const source = lastWritten.get(model);
  return source !== undefined && source !== model.sharedModel.getSource();
}

/**
 * Rewrite a cell in place, or insert one; returns its id.
 *
 * Works on the shared model alone: focus, mode, active cell and selection stay the user's. A cell to rewrite that is
 * not there any more, or that the user has changed meanwhile, is written anew; without the cell to insert it below,
 * it goes to the end.
 */
export function writeCell(panel: NotebookPanel, command: WriteCell): string {
  const id = putCell(panel, command);
  const written = findCell(panel, id);
  if (written) {
    lastWritten.set(written.model, command.source);
  }
  return id;
}

function putCell(panel: NotebookPanel, command: WriteCell): string {
  const found = findCell(panel, command.cell_id);
  const existing = found && !isChanged(found.model) ? found : undefined;
  if (existing?.model.type === command.cell_type) {
    rewrite(existing.model, command);
    return existing.model.id;
  }
  const { sharedModel } = panel.content.model!;
  const { cell_type, source, metadata } = command;
  let id = existing?.model.id;
  const index = indexOf(panel, id ?? command.after);
  sharedModel.transact(() => {
    if (existing) {
      sharedModel.deleteCell(index);
    }
    const at = existing
      ? index
      : index < 0
        ? sharedModel.cells.length
        : index + 1;
    const cell = { id, cell_type, source, metadata } as Parameters<
      typeof sharedModel.insertCell
    >[1];
    id = sharedModel.insertCell(at, cell).getId();
  });
  const written = findCell(panel, id!);
  if (written instanceof MarkdownCell) {
    written.rendered = true;
  }
  return id!;
}

function rewrite(model: ICellModel, command: WriteCell): void {
  model.sharedModel.transact(() => {
    model.sharedModel.setSource(command.source);
    if (isCodeCellModel(model)) {
      model.clearExecution();
    }
    for (const [key, value] of Object.entries(command.metadata)) {
      model.setMetadata(key, value);
    }
  });
}

/** Remove a cell. One that is gone already is no fault. */
export function deleteCell(panel: NotebookPanel, command: DeleteCell): void {
  const index = indexOf(panel, command.cell_id);
  if (index >= 0) {
    panel.content.model!.sharedModel.deleteCell(index);
  }
}

export function findCell(
  panel: NotebookPanel,
  id: string | null
): Cell | undefined {
  return panel.content.widgets.find(({ model }) => model.id === id);
}

export function indexOf(panel: NotebookPanel, id: string | null): number {
  return panel.content.widgets.findIndex(({ model }) => model.id === id);
}

/** The cell to run, if it is still what was approved. */
export function cellToRun(
  panel: NotebookPanel,
  id: string,
  source: string,
  trans: TranslationBundle
): Cell {
  const cell = findCell(panel, id);
  if (!cell) {
    throw new UserError(
      trans.__('The cell was deleted before CodeAct could run it.')
    );
  }
  if (cell.model.sharedModel.getSource() !== source) {
    throw new UserError(
      trans.__(
        'The cell was changed before CodeAct could run it, so it was left alone.'
      )
    );
  }
  return cell;
}
