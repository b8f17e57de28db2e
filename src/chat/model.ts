import { TranslationBundle } from '@jupyterlab/translation';
import { IDisposable } from '@lumino/disposable';
import { ISignal, Signal } from '@lumino/signaling';

import { Mode } from '../modes';
import { FromPage } from '../protocol';
import { IConnection, INotebooks } from '../tokens';
import { IAction } from './action';
import { Composer } from './composer';
import { IFiles } from './files';
import { Incoming } from './incoming';
import { Models } from './models';
import { slashCommands } from './slash-commands';
import { IView, Views } from './view';

/** What the panel shows besides the conversation in front. */
export type Sheet = 'conversations' | 'models' | null;

/** What the chat panel shows: the conversations of the notebooks on this page, and the model's state. */
export class ChatModel implements IDisposable {
  constructor(private _options: ChatModel.IOptions) {
    const { connection, notebooks } = _options;
    this._views = new Views(() => notebooks.current?.path ?? null);
    this.models = new Models(connection);
    this.composer = new Composer({
      ..._options,
      isBlocked: () => this.blocked !== null,
      obey: name => this._obey(name),
      views: this._views
    });
    this._views.changed.connect(this._emit, this);
    this.models.changed.connect(this._emit, this);
    this._incoming = new Incoming({
      ..._options,
      composer: this.composer,
      views: this._views
    });
    connection.stateChanged.connect(this._emit, this);
    notebooks.changed.connect(this._onFront, this);
    notebooks.renamed.connect(
      (_, { from, to }) => this._views.rename(from, to),
      this
    );
    notebooks.closed.connect((_, path) => this._views.delete(path), this);
  }

  /** What the user is about to say in the notebook in front. */
  readonly composer: Composer;

  readonly models: Models;

  /** Emitted when anything below has changed. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** The path of the notebook in front. */
  get path(): string | null {
    return this._views.path;
  }

  /** The conversation of the notebook in front. */
  get view(): IView {
    return this._views.front;
  }

  get sheet(): Sheet {
    return this._sheet;
  }

  /** Whether the conversation in front ends with what the model's state has to say. */
  get isModelTroubleSaid(): boolean {
    const { messages } = this.view.conversation;
    const said = messages[messages.length - 1]?.ending?.message;
    return !!said && said === this.models.status?.message;
  }

  /** Whether a run is under way in the notebook in front. */
  get isRunning(): boolean {
    const { conversation, pending } = this.view;
    return conversation.running || pending !== null;
  }

  /** Whether the run in front waits for the user's word on a cell. */
  get isAsking(): boolean {
    const { messages } = this.view.conversation;
    return messages[messages.length - 1]?.action?.state === 'asking';
  }

  /** Why nothing can be sent now, as a sentence for the user. */
  get blocked(): string | null {
    const { connection, notebooks, trans } = this._options;
    if (!notebooks.current) {
      return trans.__('Open a notebook to work with CodeAct in it.');
    }
    if (connection.state !== 'open') {
      return connection.failures > 0
        ? trans.__('The CodeAct server cannot be reached. Trying again…')
        : trans.__('Connecting to the CodeAct server…');
    }
    if (this.isAsking) {
      return trans.__('CodeAct waits for you to decide about a cell.');
    }
    if (this.isRunning) {
      return trans.__('CodeAct is at work…');
    }
    return notebooks.current.obstacle;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    if (!this._isDisposed) {
      this._isDisposed = true;
      this.composer.dispose();
      this._incoming.dispose();
      this.models.dispose();
      this._views.dispose();
      Signal.clearData(this);
    }
  }

  /** Show something else than the conversation, or with `null` that again. */
  open(sheet: Sheet): void {
    this._sheet = sheet;
    if (sheet === 'models') {
      this.models.refresh();
    } else if (sheet === 'conversations') {
      this._say({ type: 'list_conversations' });
    }
    this._emit();
  }

  /** Stop the run of the notebook in front. */
  stop(): void {
    if (this.isRunning && this._say({ type: 'stop' })) {
      this._views.set(this.path, { stopping: true });
    }
  }

  /** Start afresh in the notebook in front. */
  newConversation(): void {
    if (!this.isRunning && this._say({ type: 'new_conversation' })) {
      this._views.set(this.path, { notice: null, editing: null });
    }
  }

  /** Go on with an earlier conversation. */
  openConversation(conversation: string): void {
    if (this._say({ type: 'open_conversation', conversation })) {
      this._views.set(this.path, { notice: null, editing: null });
      this.open(null);
    }
  }

  renameConversation(conversation: string, title: string): void {
    this._say({ type: 'rename_conversation', conversation, title });
  }

  deleteConversation(conversation: string): void {
    this._say({ type: 'delete_conversation', conversation });
  }

  setMode(mode: Mode): void {
    this._say({ type: 'set_mode', mode });
  }

  /** Say whether the cell that CodeAct asks about may run, as it is now; and whether the rest of the run may. */
  decide(
    run: string,
    { asked, cellId }: IAction,
    approved: boolean,
    rest = false
  ): void {
    const { notebooks, trans } = this._options;
    const { path } = this;
    if (!asked || path === null) {
      return;
    }
    const source = cellId && notebooks.source(path, cellId);
    if (approved && source === null) {
      const text = trans.__('This cell is no longer in the notebook.');
      this._views.notify(path, 'note', text);
      return;
    }
    const { sha256 } = asked;
    const sent = this._say({
      type: 'decide',
      run,
      sha256,
      approved,
      source: source ?? asked.source,
      rest
    });
    if (sent) {
      this._views.set(path, { answered: `${run} ${sha256}` });
    }
  }

  /** Take a run back, or the last one that changed a cell. */
  undo(run: string | null = null): void {
    this._say({ type: 'undo', run });
  }

  /** See whether the notebook holds in a fresh kernel. */
  check(): void {
    this._say({ type: 'check' });
  }

  stopCheck(): void {
    this._say({ type: 'stop_check' });
  }

  dismissCheck(): void {
    this._views.set(this.path, { check: null });
  }

  dismissNotice(): void {
    this._views.set(this.path, { notice: null });
  }

  /** Bring the cell of an action in front of the user. */
  async jumpToCell(cellId: string): Promise<void> {
    const { notebooks, trans } = this._options;
    const { path } = this;
    if (path !== null && !(await notebooks.jumpToCell(path, cellId))) {
      const text = trans.__('This cell is no longer in the notebook.');
      this._views.notify(path, 'note', text);
    }
  }

  /** Put code below the active cell of the notebook in front. */
  insertBelow(source: string): void {
    if (this.path !== null) {
      this._options.notebooks.insertBelow(this.path, source);
    }
  }

  /** Put code into the active cell of the notebook in front. */
  replaceActive(source: string): void {
    if (this.path !== null) {
      this._options.notebooks.replace(this.path, null, source);
    }
  }

  /** Where in the notebook in front a cell is, from 0; -1 if it is not there. */
  indexOfCell(cellId: string): number {
    const { path } = this;
    const cells = path === null ? [] : this._options.notebooks.cells(path);
    return cells.findIndex(({ id }) => id === cellId);
  }

  private _obey(name: string): void {
    const { path } = this;
    const { trans } = this._options;
    const commands = slashCommands(trans);
    switch (commands.find(command => command.name === name)?.name) {
      case 'new':
        if (this.isRunning) {
          this._views.notify(path, 'note', this.blocked!);
        } else {
          this.newConversation();
        }
        break;
      case 'history':
        this.open('conversations');
        break;
      case 'undo':
        this.undo();
        break;
      case 'check':
        this.check();
        break;
      case 'model':
        this.open('models');
        break;
      case 'help':
        this._views.notify(
          path,
          'note',
          commands
            .map(command => `/${command.name} – ${command.description}`)
            .join('\n')
        );
        break;
      case undefined:
        this._views.notify(
          path,
          'alert',
          trans.__('There is no command /%1. Type /help to see all.', name)
        );
    }
  }

  /** Say something about the notebook in front. */
  private _say(message: Unsaid<FromPage>): boolean {
    const { connection, trans } = this._options;
    const { path } = this;
    if (path === null) {
      return false;
    }
    const isSent = connection.send({ ...message, notebook: path } as FromPage);
    if (!isSent) {
      const text = trans.__('CodeAct is not connected. Try again in a moment.');
      this._views.notify(path, 'alert', text);
    }
    return isSent;
  }

  private _onFront(): void {
    if (this._shown !== this.path) {
      this._shown = this.path;
      this.composer.dismiss();
      // It was about the notebook that was in front.
      this._sheet = this._sheet === 'conversations' ? null : this._sheet;
    }
    this._emit();
  }

  private _emit(): void {
    this._changed.emit();
  }

  private _changed = new Signal<this, void>(this);
  private _incoming: Incoming;
  private _isDisposed = false;
  private _shown: string | null = null;
  private _sheet: Sheet = null;
  private _views: Views;
}

/** A message about a notebook that is not named yet. */
type Unsaid<T> = T extends { notebook: string } ? Omit<T, 'notebook'> : never;

export namespace ChatModel {
  export interface IOptions {
    connection: IConnection;
    files: IFiles;
    notebooks: INotebooks;
    trans: TranslationBundle;
  }
}
