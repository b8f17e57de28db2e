import { IDisposable } from '@lumino/disposable';
import { Signal } from '@lumino/signaling';

import { IConnection, INotebooks, ISettings } from '../tokens';
import { ChatModel } from './model';

/** Milliseconds without a change after which a notebook is quiet. */
const QUIET = 1000;

/** Tells the server when the user may ask soon, so that a model can read the notebook ahead. */
export class Attention implements IDisposable {
  constructor(private _options: Attention.IOptions) {
    const { connection, model, notebooks } = _options;
    notebooks.edited.connect(this._onEdited, this);
    model.changed.connect(this._onChanged, this);
    connection.stateChanged.connect(this.soon, this);
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    this._isDisposed = true;
    window.clearTimeout(this._timer);
    Signal.clearData(this);
  }

  /** Tell the server once the notebook in front is quiet. */
  soon(): void {
    window.clearTimeout(this._timer);
    this._timer = window.setTimeout(() => this._tell(), QUIET);
  }

  private _onEdited(_: INotebooks, path: string): void {
    if (path === this._options.model.path) {
      this.soon();
    }
  }

  /** What the server may wait for has changed: another notebook, the end of a run, a model that is loaded. */
  private _onChanged({ isRunning, models, path, state }: ChatModel): void {
    const { conversation, moved } = state;
    const now = [path, isRunning, models.status?.state, conversation, moved];
    if (now.some((each, index) => each !== this._known[index])) {
      this._known = now;
      this.soon();
    }
  }

  private _tell(): void {
    const { connection, isShown, model, settings } = this._options;
    const { isBusy, models, path, places } = model;
    const below = places[0]?.cellId ?? null;
    if (
      path !== null &&
      !isBusy &&
      models.status?.state === 'ready' &&
      isShown()
    ) {
      connection.request({
        type: 'attend',
        notebook: path,
        below,
        guidance: settings?.guidance || null,
        instructions: settings?.instructions ?? ''
      });
    }
  }

  private _isDisposed = false;
  private _known: unknown[] = [];
  private _timer = 0;
}

export namespace Attention {
  export interface IOptions {
    connection: IConnection;
    model: ChatModel;
    notebooks: INotebooks;

    /** Whether the panel is in view. */
    isShown: () => boolean;

    /** What every task of the user's is sent with. */
    settings: Pick<ISettings, 'guidance' | 'instructions'> | null;
  }
}
