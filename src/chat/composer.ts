import { TranslationBundle } from '@jupyterlab/translation';
import { IDisposable } from '@lumino/disposable';
import { ISignal, Signal } from '@lumino/signaling';

import { Attachment } from '../protocol';
import { IRunOptions } from '../session/actions';
import { reattached } from '../session/attachments';
import { IMessage } from '../session/messages';
import { isRunning, lastMessage } from '../session/selectors';
import { NotebookSession } from '../session/session';
import { ISessions } from '../session/sessions';
import { BLANK, INotice, ISessionState, ITask } from '../session/state';
import { INotebooks } from '../tokens';
import { Attaching, IUpload } from './attaching';
import { Drafts, DraftStorage, IDraft, NO_DRAFT } from './drafts';
import { IFiles } from './files';
import { Offered } from './offered';
import { Recall } from './recall';
import { splitSlash } from './slash-commands';
import { ISuggestion, Suggester, wordAt } from './suggestions';
import { IQueuedTask, TaskQueue } from './task-queue';
import { IWorkspace } from './workspace';

/** The path that stands for no notebook. */
const NOWHERE = '';

/** What the user is about to ask: the text, the attachments, and suggestions for the word being typed. */
export class Composer implements IDisposable {
  constructor(private _options: Composer.IOptions) {
    const { notebooks, sessions, storage } = _options;
    this._drafts = new Drafts(storage);
    this._attaching = new Attaching({
      ..._options,
      drafts: this._drafts,
      folder: _options.workspace.folder,
      notify: (path, tone, text) => this._notify(path, tone, text)
    });
    this._queue = new TaskQueue(this._drafts, sessions);
    const variables = (path: string) => sessions.get(path).state.variables;
    this._offered = new Offered(new Suggester({ ..._options, variables }));
    this._offered.changed.connect(this._refresh, this);
    this._drafts.changed.connect((_, path) => {
      if (path === this._path) {
        this._refresh();
      }
    });
    this._attaching.changed.connect(this._refresh, this);
    sessions.changed.connect(this._onSession, this);
    sessions.taskReturned.connect(
      (_, { path, task }) => this._take(path, task),
      this
    );
    notebooks.renamed.connect(
      (_, { from, to }) => this._drafts.rename(from, to),
      this
    );
  }

  /** Emitted when the draft or the suggestions for the notebook in front have changed. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** What is about to be asked in the notebook in front. */
  get draft(): IDraft {
    return this._drafts.get(this._path);
  }

  /** Files that are on their way to the draft. */
  get uploads(): readonly IUpload[] {
    return this._attaching.uploads(this._path);
  }

  /** Whether something that is attached to the draft is not there yet. */
  get isAttaching(): boolean {
    return this._attaching.isUnderWay(this._path);
  }

  /** Whether a notebook is being made. */
  get isMaking(): boolean {
    return this._isMaking;
  }

  /** Whether the queue waits for the user, since its last run did not end with an answer. */
  get isQueueHeld(): boolean {
    return this._path !== NOWHERE && this._queue.isHeld(this._path);
  }

  get suggestions(): readonly ISuggestion[] {
    return this._offered.suggestions;
  }

  /** The index of the suggestion that Enter accepts. */
  get selected(): number {
    return this._offered.selected;
  }

  /** Whether the draft takes the place of an earlier task. */
  get isEditing(): boolean {
    return this.draft.editing !== null;
  }

  /** Take what was typed, with the cursor at `cursor`. */
  setText(text: string, cursor = text.length): void {
    const word = wordAt(text, cursor);
    const path = this._path;
    if (
      word?.sign === '@' &&
      word.start !== this._offered.word?.start &&
      path
    ) {
      this._options.sessions.actions(path, 'chat').listVariables();
    }
    this._drafts.set(path, { text });
    void this._offered.find(path, word);
  }

  /** Show the task before or after the one that is shown; returns whether there is one. */
  recall(by: -1 | 1): boolean {
    const { messages } = this._state.conversation;
    const text = this._recall.step(by, this.draft.text, messages);
    if (text !== null) {
      this._drafts.set(this._path, { text });
    }
    return text !== null;
  }

  select(index: number): void {
    this._offered.select(index);
  }

  /** Carry out a suggestion. Returns where the cursor belongs then. */
  accept(suggestion: ISuggestion): number {
    const { text } = this.draft;
    const { end, start } = this._offered.word ?? { start: 0, end: text.length };
    if (suggestion.isCommand) {
      this.dismiss();
      this._drafts.set(this._path, { text: '' });
      this._options.runCommand(suggestion.text.slice(1));
      return 0;
    }
    const inserted = suggestion.text + (suggestion.goesOn ? '' : ' ');
    const cursor = start + inserted.length;
    this.setText(
      text.slice(0, start) + inserted + text.slice(end).replace(/^ /, ''),
      cursor
    );
    const { attach } = suggestion;
    if (attach) {
      void this._attaching.soon(this._path, attach);
    }
    return cursor;
  }

  /** Withdraw the suggestions for the word being typed. */
  dismiss(): void {
    this._offered.dismiss();
  }

  attach(attachment: Attachment): void {
    this._attaching.attach(this._path, attachment);
  }

  /** Attach cells of the notebook in front. */
  attachCells(ids: readonly string[]): void {
    this._attaching.cells(this._path, ids);
  }

  /** Attach files of Jupyter's contents. */
  attachPaths(paths: readonly string[]): Promise<void> {
    return this._attaching.paths(this._path, paths);
  }

  /** Upload files of the user's own machine, and attach them; a picture that was `pasted` is only attached. */
  attachFiles(chosen: readonly File[], pasted = false): Promise<void> {
    return this._attaching.files(this._path, chosen, pasted);
  }

  detach(attachment: Attachment): void {
    this._attaching.detach(this._path, attachment);
  }

  /**
   * Ask at once, or after the run under way, and leave the draft alone.
   *
   * What cannot be asked becomes the draft.
   */
  ask(task: string, attachments: Attachment[], options?: IRunOptions): void {
    if (!this._ask({ task, attachments, replaces: null }, options)) {
      this.setText(task);
      attachments.forEach(each => this.attach(each));
    }
  }

  /** Put a task into the composer, with files of Jupyter's contents. */
  draftTask(task: string, paths: readonly string[]): Promise<void> {
    this.setText(task);
    return this.attachPaths(paths);
  }

  /** Make a notebook and take the draft there; returns whether it is in front. */
  async beginNotebook(): Promise<boolean> {
    this._isMaking = true;
    this._refresh();
    try {
      const { notebooks, workspace } = this._options;
      const path = await workspace.newNotebook();
      const isInFront = path !== null && path === notebooks.current?.path;
      if (isInFront) {
        this._drafts.rename(NOWHERE, path);
      }
      return isInFront;
    } finally {
      this._isMaking = false;
      this._refresh();
    }
  }

  /** Take an earlier task into the composer, to be asked again. */
  edit({ attachments = [], body, run }: IMessage): void {
    this._drafts.set(this._path, {
      text: body,
      attachments: reattached(attachments, this._path),
      editing: run
    });
  }

  /** Ask the task of an earlier run again, as it was. */
  retry(run: string): void {
    const { messages } = this._state.conversation;
    const asked = messages.find(
      message => message.run === run && message.sender === 'user'
    );
    if (asked) {
      this._ask({
        task: asked.body,
        attachments: reattached(asked.attachments ?? [], this._path),
        replaces: run
      });
    }
  }

  /** Leave the earlier task as it is. */
  cancelEdit(): void {
    const { attachments, editing, text } = NO_DRAFT;
    this._drafts.set(this._path, { attachments, editing, text });
  }

  /** Keep the draft, but as a task of its own. */
  endEdit(): void {
    this._drafts.set(this._path, { editing: null });
  }

  /** Send the draft, queue it during a run, or run its command; `onMade` follows once a new notebook has the focus. */
  send(onMade?: () => void): void {
    const { attachments, editing, text } = this.draft;
    const task = text.trim();
    if (task && splitSlash(task) !== null) {
      this.setText('');
      this._options.runCommand(task.slice(1));
    } else if (this._path === NOWHERE) {
      void this._sendInNewNotebook(task).then(onMade);
    } else if (this._ask({ task, attachments, replaces: editing })) {
      this.dismiss();
      this.cancelEdit();
    }
  }

  /** Take a task back from the queue, into the composer if that is empty. */
  takeBack(task: IQueuedTask): void {
    this._queue.remove(this._path, task);
    if (!this.draft.text) {
      this._take(this._path, task);
    }
  }

  /** Go on with the queue after a run that did not end with an answer. */
  goOn(): void {
    this._queue.begin(this._path);
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    if (!this._isDisposed) {
      this._isDisposed = true;
      Signal.clearData(this);
    }
  }

  private _ask(task: ITask, options?: IRunOptions): boolean {
    const { isBlocked, sessions } = this._options;
    const path = this._path;
    if (!task.task || path === NOWHERE || isBlocked()) {
      return false;
    }
    if (isRunning(this._state)) {
      this._queue.add(path, { ...task, options });
      if (lastMessage(sessions.get(path).state)?.agent) {
        sessions.actions(path, 'chat').makeWay();
      }
      return true;
    }
    return sessions.actions(path, 'chat').ask(task, options);
  }

  /** Make a notebook, and send the draft there as soon as that is possible. */
  private async _sendInNewNotebook(task: string): Promise<void> {
    const { isBlocked, sessions } = this._options;
    if (!task || isBlocked() || !(await this.beginNotebook())) {
      return;
    }
    const path = this._path;
    const trySending = () => {
      const { approval } = sessions.get(path).state;
      if (this.isDisposed || this._path !== path || this.draft.text !== task) {
        sessions.changed.disconnect(trySending); // the user does something else
      } else if (approval !== null && !isBlocked()) {
        sessions.changed.disconnect(trySending);
        this.send();
      }
    };
    sessions.changed.connect(trySending);
    trySending();
  }

  /** Take back a task that will have no run, unless the user has written something else meanwhile. */
  private _take(path: string, { attachments, replaces, task }: ITask): void {
    const draft = this._drafts.get(path);
    const isFree = !draft.text && draft.attachments.length === 0;
    this._drafts.set(
      path,
      isFree
        ? { text: task, attachments, editing: replaces }
        : { text: draft.text || task }
    );
  }

  private _notify(path: string, tone: INotice['tone'], text: string): void {
    if (path === NOWHERE) {
      this._options.workspace.tell(tone, text);
    } else {
      this._options.sessions.get(path).notify('chat', tone, text);
    }
  }

  private _onSession(_: ISessions, session: NotebookSession): void {
    const { variables } = session.state;
    if (session.path === this._path && variables !== this._variables) {
      this._variables = variables;
      this._offered.refresh(session.path);
    }
  }

  private _refresh(): void {
    this._changed.emit();
  }

  /** The notebook in front; one that is being made may be so before it has the draft. */
  private get _path(): string {
    return (
      (!this._isMaking && this._options.notebooks.current?.path) || NOWHERE
    );
  }

  private get _state(): ISessionState {
    const path = this._path;
    return path === NOWHERE ? BLANK : this._options.sessions.get(path).state;
  }

  private _attaching: Attaching;
  private _changed = new Signal<this, void>(this);
  private _drafts: Drafts;
  private _isDisposed = false;
  private _isMaking = false;
  private _offered: Offered;
  private _queue: TaskQueue;
  private _recall = new Recall();
  private _variables: readonly unknown[] | null = null;
}

export namespace Composer {
  export interface IOptions {
    files: IFiles;
    /** Whether nothing can be asked now, nor put into the queue. */
    isBlocked: () => boolean;
    notebooks: INotebooks;
    /** Run a slash command. */
    runCommand: (name: string) => void;
    sessions: ISessions;
    /** Where drafts are kept over a reload of the page. */
    storage?: DraftStorage | null;
    trans: TranslationBundle;
    workspace: IWorkspace;
  }
}
