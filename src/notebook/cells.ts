import {
  Cell,
  ICellModel,
  isCodeCellModel,
  MarkdownCell
} from '@jupyterlab/cells';
import { IBaseCellMetadata, IOutput } from '@jupyterlab/nbformat';
import { NotebookPanel } from '@jupyterlab/notebook';
import { TranslationBundle } from '@jupyterlab/translation';

import { multiline } from '../multiline';
import {
  Cell as CellState,
  DeleteCell,
  MoveCell,
  NotebookState,
  ReadCell,
  ReadState,
  RestoreCell,
  WriteCell
} from '../protocol';
import { kernelOf } from './kernel';
import { isProtected } from './metadata';
import { briefOutputs } from './outputs';
import { UserError } from './user-error';

/** Read a notebook. */
export function readState(
  panel: NotebookPanel,
  { brief }: Pick<ReadState, 'brief'>,
  trans: TranslationBundle
): NotebookState {
  return {
    cells: panel.content.widgets.map(({ model }): CellState => ({
      id: model.id,
      cell_type: model.type as CellState['cell_type'],
      source: model.sharedModel.getSource(),
      outputs:
        brief || !isCodeCellModel(model)
          ? []
          : briefOutputs(model.outputs.toJSON(), trans),
      execution_count: isCodeCellModel(model)
        ? (model.executionCount ?? null)
        : null,
      protected: isProtected(model)
    })),
    active_cell: panel.content.activeCell?.model.id ?? null,
    kernel: kernelOf(panel),
    variables: [], // read by the server, from the kernel
    tools: proposedTools(panel),
    name: '', // as the files beside it, known to the server
    files: [],
    previews: {}
  };
}

/** Names of functions that the notebook proposes as tools: text for the model, which runs nothing. */
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
  { cell_id }: Pick<ReadCell, 'cell_id'>,
  trans: TranslationBundle
): Record<string, unknown> {
  const cell = findCell(panel, cell_id);
  if (!cell) {
    throw new UserError(trans.__('The cell is no longer in the notebook.'));
  }
  return { ...cell.model.toJSON() };
}

function failIfProtected(cell: Cell, trans: TranslationBundle): void {
  if (isProtected(cell.model)) {
    throw new UserError(
      trans.__('You protect this cell from CodeAct, so it was left alone.')
    );
  }
}

/**
 * Put a whole cell back: in place if it is there, else below another.
 *
 * In place, the cell keeps its editor, so that the user is not disturbed there.
 */
export function restoreCell(
  panel: NotebookPanel,
  { cell, after, trusted }: Pick<RestoreCell, 'cell' | 'after' | 'trusted'>
): void {
  const { sharedModel } = panel.content.model!;
  const id = cell.id as string;
  const existing = findCell(panel, id);
  if (existing && existing.model.type === cell.cell_type) {
    restore(existing.model, cell, trusted);
    return;
  }
  const index = indexOf(panel, id);
  const other = indexOf(panel, after);
  const at =
    index >= 0
      ? index
      : other >= 0
        ? other + 1
        : after === null
          ? 0
          : sharedModel.cells.length;
  sharedModel.transact(() => {
    if (index >= 0) {
      sharedModel.deleteCell(index);
    }
    insert(panel, at, cell);
  });
  const inserted = findCell(panel, id);
  if (inserted && trusted) {
    inserted.model.trusted = true;
  }
}

function restore(
  model: ICellModel,
  cell: RestoreCell['cell'],
  trusted: boolean
): void {
  const source = multiline(cell.source);
  model.sharedModel.transact(() => {
    if (model.sharedModel.getSource() !== source) {
      model.sharedModel.setSource(source);
    }
    // `setMetadata` sets the keys it gets, and leaves all others.
    const metadata = cell.metadata as IBaseCellMetadata;
    for (const key of Object.keys(model.sharedModel.getMetadata())) {
      if (!(key in metadata)) {
        model.sharedModel.deleteMetadata(key);
      }
    }
    model.sharedModel.setMetadata(metadata);
  });
  if (isCodeCellModel(model)) {
    model.trusted = trusted || model.trusted;
    // Outside the transaction, or the model would take its own change for a remote one, and apply it again.
    model.outputs.fromJSON(cell.outputs as IOutput[]);
    model.executionCount = (cell.execution_count ?? null) as number | null;
  }
}

/** Insert a cell; a text cell is rendered. Returns its id. */
function insert(
  panel: NotebookPanel,
  index: number,
  cell: Record<string, unknown>
): string {
  const { sharedModel } = panel.content.model!;
  type Content = Parameters<typeof sharedModel.insertCell>[1];
  const id = sharedModel.insertCell(index, cell as Content).getId();
  const inserted = findCell(panel, id);
  if (inserted instanceof MarkdownCell) {
    inserted.rendered = true;
  }
  return id;
}

/**
 * Rewrite a cell in place, or insert one; returns its id.
 *
 * Only the shared model is changed: focus, mode, active cell and selection stay the user's. If the cell to rewrite
 * is gone, or the user has changed it meanwhile, a new one is inserted, at the end if the cell to insert below is gone.
 */
export function writeCell(
  panel: NotebookPanel,
  command: WriteCell,
  trans: TranslationBundle
): string {
  const { cell_id, cell_type, new_id, source, metadata } = command;
  // The new cell is there already if another page was given this command before.
  const existing =
    findCell(panel, new_id) ?? unlessEdited(findCell(panel, cell_id), command);
  if (existing) {
    failIfProtected(existing, trans);
  }
  if (existing?.model.type === cell_type) {
    rewrite(existing.model, command);
    return existing.model.id;
  }
  const { sharedModel } = panel.content.model!;
  const active = panel.content.activeCell?.model.id ?? null;
  const id = existing?.model.id ?? new_id;
  const index = existing ? indexOf(panel, id) : placeFor(panel, command);
  sharedModel.transact(() => {
    if (existing) {
      sharedModel.deleteCell(index);
    }
    insert(panel, index, { id, cell_type, source, metadata });
  });
  keepActive(panel, active);
  return id;
}

/** The index for a new cell. */
function placeFor(
  panel: NotebookPanel,
  { after, before }: Pick<WriteCell, 'after' | 'before'>
): number {
  const above = indexOf(panel, after);
  const below = indexOf(panel, before);
  return above >= 0
    ? above + 1
    : below >= 0
      ? below
      : panel.content.model!.sharedModel.cells.length;
}

/** The cell, unless the user has changed it since the run wrote it. */
function unlessEdited(
  cell: Cell | undefined,
  { source, was }: WriteCell
): Cell | undefined {
  const now = cell?.model.sharedModel.getSource();
  return was === null || now === was || now === source ? cell : undefined;
}

function rewrite(model: ICellModel, command: WriteCell): void {
  model.sharedModel.transact(() => {
    if (model.sharedModel.getSource() !== command.source) {
      model.sharedModel.setSource(command.source);
    }
    if (isCodeCellModel(model)) {
      model.clearExecution();
    }
    for (const [key, value] of Object.entries(command.metadata)) {
      model.setMetadata(key, value);
    }
  });
}

/** Remove a cell. It is no error if it is already gone. */
export function deleteCell(panel: NotebookPanel, command: DeleteCell): void {
  const index = indexOf(panel, command.cell_id);
  if (index >= 0) {
    panel.content.model!.sharedModel.deleteCell(index);
  }
}

/** Move a cell below another, or to the top. It keeps its outputs; the user's active cell stays the active one. */
export function moveCell(
  panel: NotebookPanel,
  { after, cell_id }: Pick<MoveCell, 'after' | 'cell_id'>,
  trans: TranslationBundle
): void {
  const cell = findCell(panel, cell_id);
  const from = indexOf(panel, cell_id);
  const other = indexOf(panel, after);
  if (!cell || (after !== null && other < 0)) {
    throw new UserError(trans.__('The cell is no longer in the notebook.'));
  }
  failIfProtected(cell, trans);
  const to = other < from ? other + 1 : other;
  if (to === from) {
    return;
  }
  const active = panel.content.activeCell?.model.id ?? null;
  const { trusted } = cell.model;
  panel.content.moveCell(from, to);
  // It is another model now, and has to be trusted as the first was.
  const moved = findCell(panel, cell_id);
  if (moved) {
    moved.model.trusted = trusted;
  }
  keepActive(panel, active);
}

/** Make a cell the active one again, wherever it is now. */
function keepActive(panel: NotebookPanel, active: string | null): void {
  const index = indexOf(panel, active);
  if (index >= 0 && index !== panel.content.activeCellIndex) {
    panel.content.activeCellIndex = index;
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
  failIfProtected(cell, trans);
  if (cell.model.sharedModel.getSource() !== source) {
    throw new UserError(
      trans.__(
        'The cell was changed before CodeAct could run it, so it was left alone.'
      )
    );
  }
  return cell;
}
