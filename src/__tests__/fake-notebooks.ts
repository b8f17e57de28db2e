import { Signal } from '@lumino/signaling';

import { ICellBrief, INotebooks, IOpenNotebook, IRunningCell } from '../tokens';

/** Notebooks that are where the test says. */
export class FakeNotebooks implements INotebooks {
  get isDisposed(): boolean {
    return false;
  }

  dispose(): void {
    Signal.clearData(this);
  }

  /** Bring a notebook in front. */
  show(path: string | null, obstacle: string | null = null): void {
    this.current = path === null ? null : { path, obstacle };
    this.changed.emit();
  }

  rename(from: string, to: string): void {
    this.renamed.emit({ from, to });
    this.show(to);
  }

  resolve(path: string): string {
    return path;
  }

  readonly activeCell = jest.fn((): string | null => null);
  readonly cells = jest.fn((): ICellBrief[] => []);
  readonly changed = new Signal<this, void>(this);
  readonly closed = new Signal<this, string>(this);
  readonly edited = new Signal<this, string>(this);
  readonly focus = jest.fn();
  readonly insertBelow = jest.fn(() => true);
  readonly jumpToCell = jest.fn(() => Promise.resolve(true));
  readonly moved = new Signal<this, { path: string; cellId: string }>(this);
  readonly replace = jest.fn(() => true);
  readonly runningCell = jest.fn((): IRunningCell | null => null);
  readonly selection = jest.fn(
    (): { cellId: string; text: string } | null => null
  );
  readonly variables = jest.fn(async (): Promise<string[]> => []);
  readonly source = jest.fn((): string | null => null);
  readonly renamed = new Signal<this, { from: string; to: string }>(this);
  current: IOpenNotebook | null = null;
}
