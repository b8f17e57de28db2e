/** What the output below a `%codeact` says of its run; the page keeps it up to date, and it is saved with the notebook. */
export const MIME_TYPE = 'application/vnd.jupyter.codeact+json';

export interface IRunData {
  readonly version: 1;
  /** Names the task, from the kernel's offer on. */
  readonly id: string;
  readonly task: string;
  readonly state: 'handed' | 'running' | 'waiting' | 'ended' | 'refused';
  /** The run's id at the server. */
  readonly run?: string;
  readonly turn?: number;
  readonly answered?: boolean;
  readonly answer?: string;
  readonly message?: string;
}

/** Read what is in an output: anybody can have written that. */
export function readRun(value: unknown): IRunData | null {
  const data = value as Partial<IRunData> | null | undefined;
  return data && typeof data === 'object' && typeof data.id === 'string'
    ? (data as IRunData)
    : null;
}
