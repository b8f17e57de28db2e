import { Signal } from '@lumino/signaling';

import { ICellInfo, INotebooks, IOpenNotebook } from '../../tokens';

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

  cells(): ICellInfo[] {
    return this.held;
  }

  selection(): { cellId: string; text: string } | null {
    return this.selected;
  }

  async variables(): Promise<string[]> {
    return this.names;
  }

  readonly insertBelow = jest.fn();
  readonly replaceActive = jest.fn(() => true);

  readonly changed = new Signal<this, void>(this);
  readonly closed = new Signal<this, string>(this);
  readonly jumpToCell = jest.fn(() => Promise.resolve(true));
  readonly renamed = new Signal<this, { from: string; to: string }>(this);
  current: IOpenNotebook | null = null;
  held: ICellInfo[] = [];
  names: string[] = [];
  selected: { cellId: string; text: string } | null = null;
}

/** A code cell. */
export function cell(
  id: string,
  source: string,
  rest: Partial<ICellInfo> = {}
): ICellInfo {
  return { id, source, type: 'code', isActive: false, ...rest };
}
