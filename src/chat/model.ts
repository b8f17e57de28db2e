import { TranslationBundle } from '@jupyterlab/translation';
import { IDisposable } from '@lumino/disposable';
import { Throttler } from '@lumino/polling';
import { ISignal, Signal } from '@lumino/signaling';

import {
  FromServer,
  Happened,
  History,
  ModelStatus,
  Refused
} from '../protocol';
import { IConnection, INotebooks } from '../tokens';
import { EMPTY, fromHistory, happen, IConversation } from './conversation';
import { ISlashCommand, slashCommands, splitSlash } from './slash-commands';

/** Milliseconds between two drawings of a reply while it is written. */
const STREAMING_INTERVAL = 80;

/** A word to the user that is no part of the conversation. */
export interface INotice {
  readonly tone: 'alert' | 'note';
  readonly text: string;
}

/** The conversation of one notebook, and what the user is about to say in it. */
export interface IView {
  readonly conversation: IConversation;
  readonly draft: string;
  /** A task that was sent and that the server has not taken up yet. */
  readonly pending: string | null;
  /** Whether the user has pressed Stop. */
  readonly stopping: boolean;
  readonly notice: INotice | null;
}

const BLANK: IView = {
  conversation: EMPTY,
  draft: '',
  pending: null,
  stopping: false,
  notice: null
};

/** What the chat panel shows: the conversations of the notebooks on this page, and the model's state. */
export class ChatModel implements IDisposable {
  constructor(private _options: ChatModel.IOptions) {
    const { connection, notebooks } = _options;
    connection.received.connect(this._onReceived, this);
    connection.stateChanged.connect(this._onConnection, this);
    notebooks.changed.connect(this._emit, this);
    notebooks.renamed.connect(this._onRenamed, this);
    notebooks.closed.connect((_, path) => this._views.delete(path), this);
  }

  /** Emitted when anything below has changed. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** The path of the notebook in front. */
  get path(): string | null {
    return this._options.notebooks.current?.path ?? null;
  }

  /** The conversation of the notebook in front. */
  get view(): IView {
    return this._view(this.path);
  }

  get modelStatus(): ModelStatus | null {
    return this._modelStatus;
  }

  /** Whether the conversation in front ends with what the model's state has to say. */
  get isModelTroubleSaid(): boolean {
    const { messages } = this.view.conversation;
    const said = messages[messages.length - 1]?.ending?.message;
    return !!said && said === this._modelStatus?.message;
  }

  /** Whether a run is under way in the notebook in front. */
  get isRunning(): boolean {
    const { conversation, pending } = this.view;
    return conversation.running || pending !== null;
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
    if (this.isRunning) {
      return trans.__('CodeAct is at work…');
    }
    return notebooks.current.obstacle;
  }

  /** The slash commands that what the user types may become. */
  get suggestions(): ISlashCommand[] {
    const name = splitSlash(this.view.draft);
    return name === null
      ? []
      : slashCommands(this._options.trans).filter(command =>
          command.name.startsWith(name)
        );
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    if (!this._isDisposed) {
      this._isDisposed = true;
      this._throttler.dispose();
      Signal.clearData(this);
    }
  }

  setDraft(draft: string): void {
    this._set(this.path, { draft });
  }

  /** Send the draft, or do what it commands. */
  send(): void {
    const task = this.view.draft.trim();
    if (task && splitSlash(task) !== null) {
      this._obey(task.slice(1));
      return;
    }
    const notebook = this.path;
    if (!task || this.blocked || notebook === null) {
      return;
    }
    if (
      this._options.connection.send({
        type: 'ask',
        notebook,
        task,
        attachments: [],
        replaces: null,
        model: null,
        mode: null,
        below: null
      })
    ) {
      this._set(notebook, { draft: '', pending: task, notice: null });
    }
  }

  /** Stop the run of the notebook in front. */
  stop(): void {
    const notebook = this.path;
    if (notebook !== null && this.isRunning) {
      this._options.connection.send({ type: 'stop', notebook });
      this._set(notebook, { stopping: true });
    }
  }

  /** Start afresh in the notebook in front. */
  newConversation(): void {
    const notebook = this.path;
    if (notebook !== null && !this.isRunning) {
      this._options.connection.send({ type: 'new_conversation', notebook });
      this._set(notebook, { notice: null });
    }
  }

  /** Bring the cell of an action in front of the user. */
  async jumpToCell(cellId: string): Promise<void> {
    const { notebooks, trans } = this._options;
    const { path } = this;
    if (path !== null && !(await notebooks.jumpToCell(path, cellId))) {
      this._notify(
        path,
        'note',
        trans.__('This cell is no longer in the notebook.')
      );
    }
  }

  private _obey(name: string): void {
    const { path } = this;
    const { trans } = this._options;
    const commands = slashCommands(trans);
    this._set(path, { draft: '' });
    switch (commands.find(command => command.name === name)?.name) {
      case 'new':
        if (this.isRunning) {
          this._notify(path, 'note', this.blocked!);
        } else {
          this.newConversation();
        }
        break;
      case 'help':
        this._notify(
          path,
          'note',
          commands
            .map(command => `/${command.name} – ${command.description}`)
            .join('\n')
        );
        break;
      default:
        this._notify(
          path,
          'alert',
          trans.__('There is no command /%1. Type /help to see all.', name)
        );
    }
  }

  private _onReceived(_: IConnection, message: FromServer): void {
    switch (message.type) {
      case 'history':
        this._onHistory(message);
        break;
      case 'happened':
        this._onHappened(message);
        break;
      case 'refused':
        this._onRefused(message);
        break;
      case 'model_status':
        this._modelStatus = message;
        this._emit();
        break;
      default:
        break; // the notebook's
    }
  }

  private _onHistory(history: History): void {
    const path = this._options.notebooks.resolve(history.notebook);
    const before = this._view(path);
    const conversation = fromHistory(history, before.conversation);
    this._set(path, {
      conversation,
      stopping: before.stopping && history.running
    });
    if (this._unsure.delete(path) && before.pending !== null) {
      this._giveBack(path, conversation);
    }
  }

  /** After a lost connection: see whether the task had arrived, and else put it back into the composer. */
  private _giveBack(path: string, conversation: IConversation): void {
    const { draft, pending } = this._view(path);
    const tasks = conversation.messages.filter(
      ({ sender }) => sender === 'user'
    );
    this._set(path, { pending: null });
    if (tasks[tasks.length - 1]?.body !== pending) {
      this._set(path, { draft: draft || pending! });
      this._notify(
        path,
        'alert',
        this._options.trans.__(
          'The connection was lost before your task arrived. It is in the box below again.'
        )
      );
    }
  }

  private _onHappened({ notebook, event }: Happened): void {
    const path = this._options.notebooks.resolve(notebook);
    const conversation = happen(this._view(path).conversation, event);
    switch (event.type) {
      case 'reply_delta':
        this._views.set(path, { ...this._view(path), conversation });
        if (path === this.path) {
          void this._throttler.invoke();
        }
        break;
      case 'run_started':
        this._set(path, {
          conversation,
          pending: null,
          stopping: false,
          notice: null
        });
        break;
      case 'run_ended':
        this._set(path, { conversation, pending: null, stopping: false });
        break;
      default:
        this._set(path, { conversation });
        break;
    }
  }

  private _onRefused({ notebook, message }: Refused): void {
    const path = this._options.notebooks.resolve(notebook);
    const { draft, pending } = this._view(path);
    this._set(path, {
      draft: draft || pending || '',
      pending: null,
      stopping: false
    });
    this._notify(path, 'alert', message);
  }

  private _onConnection(connection: IConnection): void {
    if (connection.state === 'closed') {
      for (const [path, { pending }] of this._views) {
        if (pending !== null) {
          this._unsure.add(path);
        }
      }
    }
    this._emit();
  }

  private _onRenamed(
    _: INotebooks,
    { from, to }: { from: string; to: string }
  ): void {
    this._views.set(to, this._view(from));
    this._views.delete(from);
    this._emit();
  }

  private _notify(
    path: string | null,
    tone: INotice['tone'],
    text: string
  ): void {
    this._set(path, { notice: { tone, text } });
  }

  private _view(path: string | null): IView {
    return (path !== null && this._views.get(path)) || BLANK;
  }

  private _set(path: string | null, change: Partial<IView>): void {
    if (path !== null) {
      this._views.set(path, { ...this._view(path), ...change });
      if (path === this.path) {
        this._emit();
      }
    }
  }

  private _emit(): void {
    this._changed.emit();
  }

  private _changed = new Signal<this, void>(this);
  private _isDisposed = false;
  private _modelStatus: ModelStatus | null = null;
  private _throttler = new Throttler(() => this._emit(), {
    limit: STREAMING_INTERVAL,
    edge: 'trailing'
  });
  /** Notebooks whose pending task may or may not have reached the server. */
  private _unsure = new Set<string>();
  private _views = new Map<string, IView>();
}

export namespace ChatModel {
  export interface IOptions {
    connection: IConnection;
    notebooks: INotebooks;
    trans: TranslationBundle;
  }
}
