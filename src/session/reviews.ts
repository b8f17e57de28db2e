import { INotebooks } from '../tokens';
import { IRun } from './runs';
import { ISessions } from './sessions';

/** Takes the user through the changes of a run, from cell to cell. */
export class Reviews {
  constructor(private _options: Reviews.IOptions) {}

  /** Begin with the first change of a run. */
  begin(path: string, run: string): void {
    this._options.sessions.actions(path, 'notebook').review(run);
    this.step(path, 1);
  }

  /** Go to the change after the one at a cell, or with -1 to that before it; without a cell to the first one. */
  step(path: string, by: 1 | -1, cellId: string | null = null): void {
    const { notebooks } = this._options;
    const run = this.runOf(path);
    const there = notebooks.cells(path).map(({ id }) => id);
    const ids = [...(run?.cells.keys() ?? [])].filter(id => there.includes(id));
    const from = cellId === null ? -1 : ids.indexOf(cellId);
    const next = ids[(from + by + ids.length) % ids.length];
    if (next) {
      void notebooks.jumpToCell(path, next);
    }
  }

  /** The run that the user goes through. */
  runOf(path: string): IRun | null {
    const { conversation, reviewing } = this._options.sessions.get(path).state;
    return conversation.runs.find(({ id }) => id === reviewing) ?? null;
  }
}

export namespace Reviews {
  export interface IOptions {
    notebooks: INotebooks;
    sessions: ISessions;
  }
}
