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
import { IConnection, INotebooks, IRunningCell } from '../tokens';
import { Composer } from './composer';
import { DraftStorage } from './drafts';
import { IFiles } from './files';
import { Models } from './models';
import { saveAs } from './save-as';
import { slashCommands } from './slash-commands';
import { Surroundings } from './surroundings';
import { IWorkspace } from './workspace';

/** What the panel shows in place of the conversation: the endpoint is the chosen one's form among the models. */
export type Sheet =
  'conversations' | 'endpoint' | 'instructions' | 'models' | null;

/** What the chat panel shows: the session of the notebook in front, what the user is about to ask, and the models. */
export class ChatModel implements IDisposable {
  constructor(private _options: ChatModel.IOptions) {
    const { connection, notebooks, sessions } = _options;
    this.models = new Models(connection, _options.trans);
    this.surroundings = new Surroundings(_options);
    this.surroundings.changed.connect(this._emit, this);
    this.composer = new Composer({
      ..._options,
      isBlocked: () => this.blocked !== null,
      runCommand: name => this.runCommand(name)
    });
    this.composer.changed.connect(this._emit, this);
    this.models.changed.connect(this._emit, this);
    sessions.changed.connect(this._onSession, this);
    sessions.streamed.connect(this._onSession, this);
    connection.stateChanged.connect(this._emit, this);
    connection.received.connect((_, message) => {
      if (message.type === 'conversation_file') {
        saveAs(message.name, message.text);
      }
    }, this);
    notebooks.changed.connect(this._onFront, this);
  }

  /** What the user is about to ask in the notebook in front. */
  readonly composer: Composer;

  readonly models: Models;

  /** What there is to work with. */
  readonly surroundings: Surroundings;

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

  /** Whether nothing was asked yet in the conversation in front. */
  get isFresh(): boolean {
    const { conversation, pending } = this.state;
    return conversation.messages.length === 0 && pending === null;
  }

  /** Whether there is anything in the notebook in front. */
  get hasCells(): boolean {
    const { path } = this;
    const cells = path === null ? [] : this._options.notebooks.cells(path);
    return cells.some(({ source }) => source.trim() !== '');
  }

  /** Whether a run can neither be begun nor undone now. */
  get isBusy(): boolean {
    return this.isRunning || this.blocked !== null;
  }

  /** What the user should know beside the button: why nothing can be sent, or what a task would wait for. */
  get hint(): string | null {
    const { trans } = this._options;
    if (this.blocked !== null) {
      return this.blocked;
    }
    const who = lastMessage(this.state)?.agent ?? 'CodeAct';
    if (this.isAsking) {
      return trans.__('%1 waits for you.', who);
    }
    return this.isRunning ? trans.__('%1 is at work…', who) : null;
  }

  /** Why nothing can be sent now, nor put into the queue, as a sentence for the user. */
  get blocked(): string | null {
    const { connection, notebooks, trans } = this._options;
    const [upload] = this.composer.uploads;
    if (upload) {
      return trans.__('Uploading %1…', upload.name);
    }
    if (this.composer.isAttaching) {
      return trans.__('Attaching…');
    }
    if (this.composer.isMaking) {
      return trans.__('A new notebook is being made…');
    }
    if (!notebooks.current) {
      return null; // there will be one
    }
    if (connection.isAbsent) {
      return trans.__(
        'This Jupyter server runs without CodeAct. Enable it with “jupyter server extension enable jupyter_codeact”, and restart the server.'
      );
    }
    if (connection.state !== 'open') {
      return connection.failures > 0
        ? trans.__('The CodeAct server cannot be reached. Trying again…')
        : trans.__('Connecting to the CodeAct server…');
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
      this.surroundings.dispose();
      Signal.clearData(this);
    }
  }

  /** Note that the panel is shown: the model may be loaded, and what there is to work with is looked at. */
  shown(loadModel: boolean): void {
    this._wasShown = true;
    this._options.connection.connect();
    void this.surroundings.refresh();
    if (loadModel) {
      this.models.warm();
    }
  }

  /** Show a sheet, or with `null` the conversation again. */
  open(sheet: Sheet): void {
    this._sheet = sheet;
    if (sheet === 'models' || sheet === 'endpoint') {
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

  /** Ask again what the last run has failed at, or else try to start the model again. */
  tryAgain(): void {
    const last = lastMessage(this.state);
    if (this.isModelErrorShown && last && !this.isBusy) {
      this.composer.retry(last.run);
    } else {
      this.models.start();
    }
  }

  /** Open a notebook; `null` shows the files, for the user to choose one. */
  openNotebook(path: string | null): void {
    const { workspace } = this._options;
    if (path === null) {
      workspace.browse();
    } else {
      void workspace.open(path);
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

  /** What is seen of a cell that runs in the notebook in front. */
  runningCell(cellId: string): IRunningCell | null {
    const { path } = this;
    return path === null
      ? null
      : this._options.notebooks.runningCell(path, cellId);
  }

  /** The source of a cell as it is now; `null` if it is not there. */
  sourceOf(cellId: string): string | null {
    const { path } = this;
    return path === null ? null : this._options.notebooks.source(path, cellId);
  }

  /** Go through what a run changed, cell by cell. */
  review(run: string): void {
    const { notebooks, sessions } = this._options;
    const { path } = this;
    if (path !== null) {
      new Reviews({ notebooks, sessions }).begin(path, run);
    }
  }

  /** Give the focus back to the notebook. */
  leave(): void {
    if (this.path !== null) {
      this._options.notebooks.focus(this.path);
    }
  }

  /** Put code or text below the active cell of the notebook in front. */
  insertBelow(source: string, type: 'code' | 'markdown' = 'code'): void {
    if (this.path !== null) {
      this._options.notebooks.insertBelow(this.path, source, type);
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

  /** Run a slash command. */
  runCommand(name: string): void {
    const { trans } = this._options;
    const commands = slashCommands(trans);
    switch (commands.find(command => command.name === name)?.name) {
      case 'new':
        if (this.isRunning) {
          this._notify(
            'note',
            trans.__('CodeAct is at work. Stop it, or wait until it is done.')
          );
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
    if (this.path === null) {
      this._options.workspace.tell(tone, text);
    } else {
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
      if (this._wasShown) {
        void this.surroundings.refresh();
      }
      this.composer.dismiss();
      if (this._sheet === 'conversations' || this._sheet === 'instructions') {
        this._sheet = null; // it was about the notebook that was in front
      }
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
  /** Whether the user has opened the panel. */
  private _wasShown = false;
}

export namespace ChatModel {
  export interface IOptions {
    connection: IConnection;
    files: IFiles;
    notebooks: INotebooks;
    sessions: ISessions;
    /** Where drafts are kept over a reload of the page. */
    storage?: DraftStorage | null;
    trans: TranslationBundle;
    workspace: IWorkspace;
  }
}
