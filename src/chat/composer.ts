import { TranslationBundle } from '@jupyterlab/translation';
import { IDisposable } from '@lumino/disposable';
import { ISignal, Signal } from '@lumino/signaling';

import { Attachment } from '../protocol';
import { cellAttachment, isSame, reattached } from '../session/attachments';
import { IMessage } from '../session/messages';
import { ISessions } from '../session/sessions';
import { ITask } from '../session/state';
import { IAskOptions, INotebooks } from '../tokens';
import { Drafts, IDraft, NO_DRAFT } from './drafts';
import { IFiles } from './files';
import { splitSlash } from './slash-commands';
import { ISuggestion, IWord, Suggester, wordAt } from './suggestions';

/** What the user is about to ask: the text, the attachments, and suggestions for the word being typed. */
export class Composer implements IDisposable {
  constructor(private _options: Composer.IOptions) {
    const { notebooks, sessions } = _options;
    this._suggester = new Suggester(_options);
    this._drafts.changed.connect((_, path) => {
      if (path === this._path) {
        this._changed.emit();
      }
    });
    sessions.taskReturned.connect(
      (_, { path, task }) => this._take(path, task),
      this
    );
    notebooks.renamed.connect(
      (_, { from, to }) => this._drafts.rename(from, to),
      this
    );
    notebooks.closed.connect((_, path) => this._drafts.delete(path), this);
  }

  /** Emitted when the draft or the suggestions for the notebook in front have changed. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** What is about to be asked in the notebook in front. */
  get draft(): IDraft {
    return this._drafts.get(this._path);
  }

  get suggestions(): readonly ISuggestion[] {
    return this._suggestions;
  }

  /** The index of the suggestion that Enter accepts. */
  get selected(): number {
    return this._selected;
  }

  /** Whether the draft takes the place of an earlier task. */
  get isEditing(): boolean {
    return this.draft.editing !== null;
  }

  /** Take what was typed, with the cursor at `cursor`. */
  setText(text: string, cursor = text.length): void {
    this._suggestions = [];
    this._set({ text });
    void this._suggest(wordAt(text, cursor));
  }

  select(index: number): void {
    const { length } = this._suggestions;
    this._selected = (index + length) % length;
    this._refresh();
  }

  /** Carry out a suggestion. Returns where the cursor belongs then. */
  accept(suggestion: ISuggestion): number {
    const path = this._path;
    const { text } = this.draft;
    const { end, start } = this._word ?? { start: 0, end: text.length };
    if (suggestion.isCommand) {
      this.dismiss();
      this._set({ text: '' });
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
    if (attach && path !== null) {
      void this._attachSoon(path, Promise.resolve().then(attach));
    }
    return cursor;
  }

  /** Withdraw the suggestions for the word being typed. */
  dismiss(): void {
    this._word = null;
    this._suggestions = [];
    this._refresh();
  }

  attach(attachment: Attachment): void {
    this._attachTo(this._path, attachment);
  }

  /** Attach cells of the notebook in front. */
  attachCells(ids: readonly string[]): void {
    const { notebooks, trans } = this._options;
    const path = this._path;
    const cells = path === null ? [] : notebooks.cells(path);
    for (const cell of cells.filter(({ id }) => ids.includes(id))) {
      this.attach(cellAttachment(cells, cell, trans));
    }
  }

  /** Attach files of Jupyter's contents. */
  async attachPaths(paths: readonly string[]): Promise<void> {
    const path = this._path;
    if (path !== null) {
      const { files } = this._options;
      await Promise.all(
        paths.map(each => this._attachSoon(path, files.attach(each)))
      );
    }
  }

  /** Attach files of the user's own machine. */
  async attachFiles(chosen: readonly File[]): Promise<void> {
    const path = this._path;
    if (path !== null) {
      const { files } = this._options;
      await Promise.all(
        chosen.map(file => this._attachSoon(path, files.read(file)))
      );
    }
  }

  detach(attachment: Attachment): void {
    this._set({
      attachments: this.draft.attachments.filter(each => each !== attachment)
    });
  }

  /**
   * Ask at once, and leave the draft alone.
   *
   * What cannot be asked now becomes the draft.
   */
  ask(task: string, attachments: Attachment[], options?: IAskOptions): void {
    if (!this._ask({ task, attachments, replaces: null }, options)) {
      this.setText(task);
      attachments.forEach(each => this.attach(each));
    }
  }

  /** Take an earlier task into the composer, to be asked again. */
  edit({ attachments = [], body, run }: IMessage): void {
    const path = this._path;
    if (path !== null) {
      this._drafts.set(path, {
        text: body,
        attachments: reattached(attachments, path),
        editing: run
      });
    }
  }

  /** Ask the task of an earlier run again, as it was. */
  retry(run: string): void {
    const path = this._path;
    if (path === null) {
      return;
    }
    const { messages } = this._options.sessions.get(path).state.conversation;
    const asked = messages.find(
      message => message.run === run && message.sender === 'user'
    );
    if (asked) {
      this._ask({
        task: asked.body,
        attachments: reattached(asked.attachments ?? [], path),
        replaces: run
      });
    }
  }

  /** Leave the earlier task as it is. */
  cancelEdit(): void {
    this._set(NO_DRAFT);
  }

  /** Keep the draft, but as a task of its own. */
  endEdit(): void {
    this._set({ editing: null });
  }

  /** Send the draft, or run the command in it. */
  send(): void {
    const { attachments, editing, text } = this.draft;
    const task = text.trim();
    if (task && splitSlash(task) !== null) {
      this.setText('');
      this._options.runCommand(task.slice(1));
    } else if (this._ask({ task, attachments, replaces: editing })) {
      this._suggestions = [];
      this._set(NO_DRAFT);
    }
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

  private _ask(task: ITask, options: IAskOptions = {}): boolean {
    const { isBlocked, sessions } = this._options;
    const path = this._path;
    return (
      task.task !== '' &&
      path !== null &&
      !isBlocked() &&
      sessions.actions(path, 'chat').ask(task, options)
    );
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

  private async _attachSoon(
    path: string,
    attachment: Promise<Attachment>
  ): Promise<void> {
    const { sessions, trans } = this._options;
    try {
      this._attachTo(path, await attachment);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      const text = trans.__('This could not be attached. %1', why);
      sessions.get(path).notify('chat', 'alert', text);
    }
  }

  private _attachTo(path: string | null, attachment: Attachment): void {
    const { attachments } = this._drafts.get(path);
    if (path !== null && !attachments.some(each => isSame(each, attachment))) {
      this._drafts.set(path, { attachments: [...attachments, attachment] });
    }
  }

  private _set(change: Partial<IDraft>): void {
    if (this._path !== null) {
      this._drafts.set(this._path, change);
    }
  }

  private async _suggest(word: IWord | null): Promise<void> {
    this._word = word;
    this._selected = 0;
    const path = this._path;
    if (word === null || path === null) {
      this._show([]);
    } else if (word.sign === '/') {
      this._show(this._suggester.commands(word.query));
    } else {
      for await (const found of this._suggester.things(path, word.query)) {
        if (this._word !== word || this._isDisposed) {
          return; // the user has typed on
        }
        this._show(found);
      }
    }
  }

  private _show(suggestions: ISuggestion[]): void {
    this._suggestions = suggestions;
    this._refresh();
  }

  private _refresh(): void {
    this._changed.emit();
  }

  private get _path(): string | null {
    return this._options.notebooks.current?.path ?? null;
  }

  private _changed = new Signal<this, void>(this);
  private _drafts = new Drafts();
  private _isDisposed = false;
  private _selected = 0;
  private _suggester: Suggester;
  private _suggestions: readonly ISuggestion[] = [];
  private _word: IWord | null = null;
}

export namespace Composer {
  export interface IOptions {
    files: IFiles;
    /** Whether nothing can be asked now. */
    isBlocked: () => boolean;
    notebooks: INotebooks;
    /** Run a slash command. */
    runCommand: (name: string) => void;
    sessions: ISessions;
    trans: TranslationBundle;
  }
}
