import { TranslationBundle } from '@jupyterlab/translation';
import { IDisposable } from '@lumino/disposable';
import { ISignal, Signal } from '@lumino/signaling';

import { SessionActions } from '../session/actions';
import { Reviews } from '../session/reviews';
import { isRunning, lastMessage, waitingCell } from '../session/selectors';
import { NotebookSession } from '../session/session';
import { ISessions } from '../session/sessions';
import { BLANK, INotice, ISessionState } from '../session/state';
import { ITaskPlace } from '../session/task-place';
import { IConnection, INotebooks } from '../tokens';
import { Composer } from './composer';
import { IFiles } from './files';
import { Models } from './models';
import { slashCommands } from './slash-commands';

/** What the panel shows in place of the conversation. */
export type Sheet = 'conversations' | 'models' | null;

/** What the chat panel shows: the session of the notebook in front, what the user is about to ask, and the models. */
export class ChatModel implements IDisposable {
  constructor(private _options: ChatModel.IOptions) {
    const { connection, notebooks, sessions } = _options;
    this.models = new Models(connection);
    this.composer = new Composer({
      ..._options,
      isBlocked: () => this.blocked !== null,
      runCommand: name => this._runCommand(name)
    });
    this.composer.changed.connect(this._emit, this);
    this.models.changed.connect(this._emit, this);
    sessions.changed.connect(this._onSession, this);
    sessions.streamed.connect(this._onSession, this);
    connection.stateChanged.connect(this._emit, this);
    notebooks.changed.connect(this._onFront, this);
  }

  /** What the user is about to ask in the notebook in front. */
  readonly composer: Composer;

  readonly models: Models;

  /** Emitted when anything that the panel shows has changed. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** The path of the notebook in front. */
  get path(): string | null {
    return this._options.notebooks.current?.path ?? null;
  }

  /** The state of the notebook in front. */
  get state(): ISessionState {
    const { path } = this;
    return path === null ? BLANK : this._options.sessions.get(path).state;
  }

  /** Where the next task's cells go, and where else they could. */
  get places(): readonly ITaskPlace[] {
    const { path } = this;
    return path === null ? [] : this._options.sessions.get(path).places;
  }

  /** What the user can do in the notebook in front; `null` if there is none. */
  get actions(): SessionActions | null {
    const { path } = this;
    return path === null ? null : this._options.sessions.actions(path, 'chat');
  }

  get sheet(): Sheet {
    return this._sheet;
  }

  /** Whether the conversation in front ends with the message that the model's state has. */
  get isModelErrorShown(): boolean {
    const shown = lastMessage(this.state)?.ending?.message;
    return !!shown && shown === this.models.status?.message;
  }

  /** Whether a run is under way in the notebook in front. */
  get isRunning(): boolean {
    return isRunning(this.state);
  }

  /** Whether the run in front waits for the user's approval of a cell. */
  get isAsking(): boolean {
    return waitingCell(this.state) !== null;
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
      this.models.dispose();
      Signal.clearData(this);
    }
  }

  /** Show a sheet, or with `null` the conversation again. */
  open(sheet: Sheet): void {
    this._sheet = sheet;
    if (sheet === 'models') {
      this.models.refresh();
    } else if (sheet === 'conversations') {
      this.actions?.listConversations();
    }
    this._emit();
  }

  /** Stop the run of the notebook in front. */
  stop(): void {
    if (this.isRunning) {
      this.actions?.stop();
    }
  }

  /** Start a new conversation in the notebook in front. */
  newConversation(): void {
    if (!this.isRunning && this.actions?.newConversation()) {
      this.composer.endEdit();
    }
  }

  /** Go on with an earlier conversation. */
  openConversation(conversation: string): void {
    if (this.actions?.openConversation(conversation)) {
      this.composer.endEdit();
      this.open(null);
    }
  }

  /** Bring a cell in front of the user. */
  async jumpToCell(cellId: string): Promise<void> {
    const { notebooks, trans } = this._options;
    const { path } = this;
    if (path !== null && !(await notebooks.jumpToCell(path, cellId))) {
      const text = trans.__('This cell is no longer in the notebook.');
      this._options.sessions.get(path).notify('chat', 'note', text);
    }
  }

  /** Go through what a run changed, cell by cell. */
  review(run: string): void {
    const { notebooks, sessions } = this._options;
    const { path } = this;
    if (path !== null) {
      new Reviews({ notebooks, sessions }).begin(path, run);
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

  /** The position of a cell in the notebook in front, from 0; -1 if it is not there. */
  indexOfCell(cellId: string): number {
    const { path } = this;
    const cells = path === null ? [] : this._options.notebooks.cells(path);
    return cells.findIndex(({ id }) => id === cellId);
  }

  private _runCommand(name: string): void {
    const { trans } = this._options;
    const commands = slashCommands(trans);
    switch (commands.find(command => command.name === name)?.name) {
      case 'new':
        if (this.isRunning) {
          this._notify('note', this.blocked!);
        } else {
          this.newConversation();
        }
        break;
      case 'history':
        this.open('conversations');
        break;
      case 'undo':
        this.actions?.undo();
        break;
      case 'check':
        this.actions?.check();
        break;
      case 'model':
        this.open('models');
        break;
      case 'help':
        this._notify(
          'note',
          commands
            .map(command => `/${command.name} – ${command.description}`)
            .join('\n')
        );
        break;
      case undefined:
        this._notify(
          'alert',
          trans.__('There is no command /%1. Type /help to see all.', name)
        );
    }
  }

  private _notify(tone: INotice['tone'], text: string): void {
    if (this.path !== null) {
      this._options.sessions.get(this.path).notify('chat', tone, text);
    }
  }

  private _onSession(_: ISessions, { path }: NotebookSession): void {
    if (path === this.path) {
      this._emit();
    }
  }

  private _onFront(): void {
    if (this._shown !== this.path) {
      this._shown = this.path;
      this.composer.dismiss();
      // They are those of the notebook that was in front.
      this._sheet = this._sheet === 'conversations' ? null : this._sheet;
    }
    this._emit();
  }

  private _emit(): void {
    this._changed.emit();
  }

  private _changed = new Signal<this, void>(this);
  private _isDisposed = false;
  private _sheet: Sheet = null;
  private _shown: string | null = null;
}

export namespace ChatModel {
  export interface IOptions {
    connection: IConnection;
    files: IFiles;
    notebooks: INotebooks;
    sessions: ISessions;
    trans: TranslationBundle;
  }
}
