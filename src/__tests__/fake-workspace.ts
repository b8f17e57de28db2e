import { IWorkspace } from '../chat/workspace';
import { FakeNotebooks } from './fake-notebooks';

/** A page whose new notebooks all have the same name. */
export class FakeWorkspace implements IWorkspace {
  constructor(private _notebooks: FakeNotebooks) {}

  readonly browse = jest.fn();
  readonly folder = jest.fn(() => '');
  readonly newNotebook = jest.fn(async (): Promise<string | null> => {
    await null; // it takes a while
    this._notebooks.show('Untitled.ipynb');
    return 'Untitled.ipynb';
  });
  readonly open = jest.fn(async () => true);
  readonly tell = jest.fn();
}
