import { TranslationBundle } from '@jupyterlab/translation';
import { IDisposable } from '@lumino/disposable';

import { Attachment } from '../protocol';
import { IConnection, INotebooks } from '../tokens';
import { asGiven, cellAttachment, isSame } from './attachments';
import { IMessage } from './conversation';
import { IFiles } from './files';
import { splitSlash } from './slash-commands';
import { ISuggestion, IWord, Suggester, wordAt } from './suggestions';
import { ITask, IView, Views } from './view';

/** What the user is about to say: the words, what goes along, and what the words may become. */
export class Composer implements IDisposable {
  constructor(private _options: Composer.IOptions) {
    this._suggester = new Suggester(_options);
  }

  get suggestions(): readonly ISuggestion[] {
    return this._suggestions;
  }

  /** Which of the suggestions Enter takes. */
  get selected(): number {
    return this._selected;
  }

  /** Whether what the user says takes the place of what they said before. */
  get isEditing(): boolean {
    return this._view.editing !== null;
  }

  /** Take what was typed, with the cursor at `cursor`. */
  setDraft(draft: string, cursor = draft.length): void {
    this._suggestions = [];
    this._options.views.set(this._path, { draft });
    void this._suggest(wordAt(draft, cursor));
  }

  select(index: number): void {
    const { length } = this._suggestions;
    this._selected = (index + length) % length;
    this._refresh();
  }

  /** Do what a suggestion says. Returns where the cursor belongs then. */
  accept(suggestion: ISuggestion): number {
    const { views } = this._options;
    const path = this._path;
    const { draft } = this._view;
    const { end, start } = this._word ?? { start: 0, end: draft.length };
    if (suggestion.isCommand) {
      this.dismiss();
      views.set(path, { draft: '' });
      this._options.obey(suggestion.text.slice(1));
      return 0;
    }
    const text = suggestion.text + (suggestion.goesOn ? '' : ' ');
    const cursor = start + text.length;
    this.setDraft(
      draft.slice(0, start) + text + draft.slice(end).replace(/^ /, ''),
      cursor
    );
    const { attach } = suggestion;
    if (attach && path !== null) {
      void this._attachSoon(path, Promise.resolve().then(attach));
    }
    return cursor;
  }

  /** Suggest nothing for the word being typed any more. */
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
  async bring(brought: readonly File[]): Promise<void> {
    const path = this._path;
    if (path !== null) {
      const { files } = this._options;
      await Promise.all(
        brought.map(file => this._attachSoon(path, files.bring(file)))
      );
    }
  }

  detach(attachment: Attachment): void {
    this._options.views.set(this._path, {
      attachments: this._view.attachments.filter(each => each !== attachment)
    });
  }

  /**
   * Ask at once, and leave what the user has begun to write alone.
   *
   * What cannot be asked now becomes the draft.
   */
  ask(task: string, attachments: Attachment[], below: string | null): void {
    if (!this._ask({ task, attachments, replaces: null }, below)) {
      this.setDraft(task);
      attachments.forEach(each => this.attach(each));
    }
  }

  /** Take an earlier task into the composer, to be asked anew. */
  edit({ attachments = [], body, run }: IMessage): void {
    const path = this._path;
    if (path !== null) {
      this._options.views.set(path, {
        draft: body,
        attachments: asGiven(attachments, path),
        editing: run
      });
    }
  }

  /** Ask the task of an earlier run anew as it was. */
  retry(run: string): void {
    const { messages } = this._view.conversation;
    const said = messages.find(
      message => message.run === run && message.sender === 'user'
    );
    const path = this._path;
    if (said && path !== null) {
      this._ask({
        task: said.body,
        attachments: asGiven(said.attachments ?? [], path),
        replaces: run
      });
    }
  }

  /** Leave what was said before as it is. */
  cancelEdit(): void {
    const task = { draft: '', attachments: [], editing: null };
    this._options.views.set(this._path, task);
  }

  /** Send the draft, or do what it commands. */
  send(): void {
    const { attachments, draft, editing } = this._view;
    const task = draft.trim();
    if (task && splitSlash(task) !== null) {
      this.setDraft('');
      this._options.obey(task.slice(1));
    } else if (this._ask({ task, attachments, replaces: editing })) {
      this._suggestions = [];
      this._options.views.set(this._path, {
        draft: '',
        attachments: [],
        editing: null
      });
    }
  }

  /** Put what was sent in vain back, unless the user has written something else meanwhile. */
  giveBack(path: string): void {
    const { views } = this._options;
    const { attachments, draft, editing, pending } = views.get(path);
    if (pending) {
      const isFree = !draft && attachments.length === 0;
      views.set(path, {
        draft: draft || pending.task,
        attachments: isFree ? pending.attachments : attachments,
        editing: isFree ? pending.replaces : editing,
        pending: null
      });
    }
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    this._isDisposed = true;
  }

  private _ask(
    { attachments, replaces, task }: ITask,
    below: string | null = null
  ): boolean {
    const { connection, isBlocked, views } = this._options;
    const notebook = this._path;
    if (!task || notebook === null || isBlocked()) {
      return false;
    }
    const isSent = connection.send({
      type: 'ask',
      notebook,
      task,
      attachments: [...attachments],
      replaces,
      model: null,
      mode: null,
      max_turns: null,
      below
    });
    if (isSent) {
      const pending = { task, attachments, replaces };
      views.set(notebook, { pending, notice: null });
    }
    return isSent;
  }

  private async _attachSoon(
    path: string,
    attachment: Promise<Attachment>
  ): Promise<void> {
    const { trans, views } = this._options;
    try {
      this._attachTo(path, await attachment);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      const text = trans.__('This could not be attached. %1', why);
      views.notify(path, 'alert', text);
    }
  }

  private _attachTo(path: string | null, attachment: Attachment): void {
    const { views } = this._options;
    const { attachments } = views.get(path);
    if (!attachments.some(each => isSame(each, attachment))) {
      views.set(path, { attachments: [...attachments, attachment] });
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
    this._options.views.set(this._path, {});
  }

  private get _path(): string | null {
    return this._options.views.path;
  }

  private get _view(): IView {
    return this._options.views.front;
  }

  private _isDisposed = false;
  private _selected = 0;
  private _suggester: Suggester;
  private _suggestions: readonly ISuggestion[] = [];
  private _word: IWord | null = null;
}

export namespace Composer {
  export interface IOptions {
    connection: IConnection;
    files: IFiles;
    /** Whether nothing can be asked now. */
    isBlocked: () => boolean;
    notebooks: INotebooks;
    /** Do what a slash command says. */
    obey: (name: string) => void;
    trans: TranslationBundle;
    views: Views;
  }
}
