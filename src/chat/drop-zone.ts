import type { Cell } from '@jupyterlab/cells';
import type { Drag } from '@lumino/dragdrop';
import { IDisposable } from '@lumino/disposable';

import { ChatModel } from './model';

/** What a drag from the file browser carries: paths in Jupyter's contents. */
const CONTENTS = 'application/x-jupyter-icontents';
/** What a drag from a notebook carries within the page: its cells. */
const CELLS = 'internal:cells';

const EVENTS = ['dragenter', 'dragover', 'dragleave', 'drop'];

/** Lets the user drop files and cells onto the panel, to attach them. */
export class DropZone implements IDisposable {
  constructor(
    private _node: HTMLElement,
    private _model: ChatModel
  ) {
    for (const name of EVENTS) {
      _node.addEventListener(name, this);
      // JupyterLab's own drags.
      _node.addEventListener(`lm-${name}`, this);
    }
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    if (!this._isDisposed) {
      this._isDisposed = true;
      for (const name of EVENTS) {
        this._node.removeEventListener(name, this);
        this._node.removeEventListener(`lm-${name}`, this);
      }
    }
  }

  handleEvent(event: Event): void {
    const isWithinPage = event.type.startsWith('lm-');
    const isOurs = isWithinPage
      ? [CONTENTS, CELLS].some(type =>
          (event as Drag.Event).mimeData.hasData(type)
        )
      : (event as DragEvent).dataTransfer?.types.includes('Files');
    if (!isOurs) {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
    const isOver = /enter|over$/.test(event.type);
    this._node.classList.toggle('jp-mod-dropTarget', isOver);
    if (isWithinPage) {
      const drag = event as Drag.Event;
      drag.dropAction = drag.proposedAction;
    }
    if (event.type === 'lm-drop') {
      this._drop(event as Drag.Event);
    } else if (event.type === 'drop') {
      const { files } = (event as DragEvent).dataTransfer!;
      void this._model.composer.attachFiles([...files]);
    }
  }

  private _drop({ mimeData }: Drag.Event): void {
    const { composer } = this._model;
    const paths = mimeData.getData(CONTENTS) as string[] | undefined;
    const cells = mimeData.getData(CELLS) as Cell[] | undefined;
    if (paths) {
      void composer.attachPaths(paths);
    }
    composer.attachCells((cells ?? []).map(({ model }) => model.id));
  }

  private _isDisposed = false;
}
