import { ICellModel } from '@jupyterlab/cells';

/** Which run wrote a cell, according to the cell's metadata: for information only. */
export interface IWritten {
  readonly run: string;
  readonly model: string;
  /** Another agent that wrote it, if it was not ours. */
  readonly agent: string;
}

const KEY = 'codeact';

/** The run that wrote a cell; `null` if it was not CodeAct. */
export function writtenBy(model: ICellModel): IWritten | null {
  const { agent, run, model: name } = metadataOf(model);
  const text = (value: unknown) => (typeof value === 'string' ? value : '');
  return typeof run === 'string'
    ? { run, model: text(name), agent: text(agent) }
    : null;
}

/** Whether the user marked a cell as one that CodeAct never runs or edits. */
export function isProtected(model: ICellModel): boolean {
  return metadataOf(model).protected === true;
}

export function setProtected(model: ICellModel, isOn: boolean): void {
  const metadata = { ...metadataOf(model) };
  delete metadata.protected;
  if (isOn) {
    metadata.protected = true;
  }
  if (Object.keys(metadata).length > 0) {
    model.setMetadata(KEY, metadata);
  } else {
    model.deleteMetadata(KEY);
  }
}

function metadataOf(model: ICellModel): Record<string, unknown> {
  const metadata: unknown = model.getMetadata(KEY);
  return typeof metadata === 'object' && metadata && !Array.isArray(metadata)
    ? (metadata as Record<string, unknown>)
    : {};
}
