import { Token } from '@lumino/coreutils';
import { IDisposable } from '@lumino/disposable';
import { ISignal } from '@lumino/signaling';
import { Title, Widget } from '@lumino/widgets';

import { Approval } from './approval';
import { Ask, Attachment, Began, Done, Failed, FromServer } from './protocol';
import { OnRefused, Request } from './requests';

/** How much help a model gets. */
export type Guidance = NonNullable<Ask['guidance']>;

/** The commands of the chat. */
export namespace CommandIDs {
  export const open = 'codeact:open';
  export const stop = 'codeact:stop';
  export const newConversation = 'codeact:new-conversation';
  export const showConversations = 'codeact:show-conversations';
  export const chooseModel = 'codeact:choose-model';
  export const help = 'codeact:help';
}

/** Turns completion while typing on and off. */
export const TOGGLE_COMPLETION = 'codeact:toggle-completion';

/** The commands at a notebook's cells. */
export namespace CellCommandIDs {
  export const approve = 'codeact:approve-cell';
  export const approveRest = 'codeact:approve-rest';
  export const skip = 'codeact:skip-cell';
  export const protect = 'codeact:protect-cell';
  export const ask = 'codeact:ask-about-cell';
  export const explain = 'codeact:explain-cell';
  export const fix = 'codeact:fix-error';
  export const showChanges = 'codeact:show-changes';
  export const setApproval = 'codeact:set-approval';
  /** The first release's name of `setApproval`, which users' shortcuts may have. */
  export const setMode = 'codeact:set-mode';
  /** Ask at the active cell, in a box of its own. */
  export const prompt = 'codeact:prompt-at-cell';
  /** Choose below which cell the next task works. */
  export const choosePlace = 'codeact:choose-place';
  export const keepCell = 'codeact:keep-cell';
  export const undoCell = 'codeact:undo-cell';
  export const redoCell = 'codeact:redo-cell';
  export const nextChange = 'codeact:next-change';
  export const previousChange = 'codeact:previous-change';
  export const review = 'codeact:review-run';
  export const keep = 'codeact:keep-run';
  export const undo = 'codeact:undo-run';
  export const redo = 'codeact:redo-run';
  export const check = 'codeact:check';
  export const stopCheck = 'codeact:stop-check';
  export const clearCheck = 'codeact:clear-check';
}

/** What the page answers to a command of the server's. */
export type Answer = Began | Done | Failed;

/** The state of the page's socket to the server. */
export type ConnectionState = 'closed' | 'connecting' | 'open';

/** The page's one WebSocket to the server. */
export interface IConnection extends IDisposable {
  readonly state: ConnectionState;

  /** How many times in a row it was lost before the server sent anything. */
  readonly failures: number;

  /** Whether the server was reached and runs without CodeAct. */
  readonly isAbsent: boolean;

  /** Emitted when `state` or `isAbsent` changes. */
  readonly stateChanged: ISignal<IConnection, ConnectionState>;

  /** Emitted with each message of the server's, except refusals that `onRefused` gets. */
  readonly received: ISignal<IConnection, FromServer>;

  /** Open the socket, and keep it open. */
  connect(): void;

  /**
   * Ask the server for something. Returns whether the request went out: it does not without an open socket.
   *
   * If the server refuses, `onRefused` is called; without it, the refusal is among what is `received`. A request is
   * never sent twice: if the connection is lost, the history that comes with the next one shows what came of it.
   */
  request(request: Request, onRefused?: OnRefused): boolean;

  /** Answer a command of the server's; a result waits for an open socket. */
  answer(answer: Answer): void;
}

export const IConnection = new Token<IConnection>(
  'jupyter-codeact:IConnection',
  'The WebSocket between this page and the CodeAct server extension.'
);

/** A notebook this page shows. */
export interface IOpenNotebook {
  /** Its path in Jupyter's contents. */
  readonly path: string;

  /** Why CodeAct cannot work in it, as a sentence that says what to do; `null` if it can. */
  readonly obstacle: string | null;
}

/** A cell of a notebook, in brief. */
export interface ICellBrief {
  readonly id: string;
  readonly type: 'code' | 'markdown' | 'raw';
  readonly source: string;
  /** The number that it shows once it ran. */
  readonly count?: number | null;
}

/** A cell that runs, as this page sees it. */
export interface IRunningCell {
  /** The last of its outputs so far, as nbformat stores them. */
  readonly outputs: Record<string, unknown>[];

  /** Whether it waits for the user, who is to type something below it. */
  readonly asksForInput: boolean;

  /** Whether the kernel has not begun it yet, since it runs something else. */
  readonly isQueued: boolean;
}

/** The notebooks this page shows. */
export interface INotebooks extends IDisposable {
  /** The notebook in front. */
  readonly current: IOpenNotebook | null;

  /** Emitted when another notebook comes in front, or the one in front changes its path or its obstacle. */
  readonly changed: ISignal<INotebooks, void>;

  /** Emitted when the user makes another cell the active one. */
  readonly moved: ISignal<INotebooks, { path: string; cellId: string }>;

  readonly renamed: ISignal<INotebooks, { from: string; to: string }>;

  readonly closed: ISignal<INotebooks, string>;

  /** Emitted with the path of a notebook whose cells, outputs or active cell have changed: with every key. */
  readonly edited: ISignal<INotebooks, string>;

  /** The current path of a notebook that may have been renamed since it had `path`. */
  resolve(path: string): string;

  /** Bring a cell in front of the user. Returns whether it is still there. */
  jumpToCell(path: string, cellId: string): Promise<boolean>;

  /** The cells of a notebook, in order; none if it is not open. */
  cells(path: string): ICellBrief[];

  /** The current source of a cell; `null` if it is not there. */
  source(path: string, cellId: string): string | null;

  /** What is seen of a cell that runs; `null` if it is not there. */
  runningCell(path: string, cellId: string): IRunningCell | null;

  /** The id of the active cell. */
  activeCell(path: string): string | null;

  /** The text that is selected in the active cell or its output. */
  selection(path: string): { cellId: string; text: string } | null;

  /** The names of the user's variables; none if the kernel is busy or does not run Python. */
  variables(path: string): Promise<string[]>;

  /** Insert a cell below the active one, and make it the active one. Returns whether the notebook is open. */
  insertBelow(
    path: string,
    source: string,
    type?: 'code' | 'markdown'
  ): boolean;

  /** Give the focus to the active cell. */
  focus(path: string): void;

  /** Replace the source of a cell, the active one for `null`. Returns whether there is such a cell. */
  replace(path: string, cellId: string | null, source: string): boolean;
}

export const INotebooks = new Token<INotebooks>(
  'jupyter-codeact:INotebooks',
  'The notebooks this page shows, as CodeAct sees them.'
);

/** Where in the notebook a task was asked. */
export interface IAskOptions {
  /** The cell to work below, or in if it is empty. */
  readonly below?: string | null;

  /** The cell that the task is about, and that it rewrites. */
  readonly target?: string | null;
}

/** The panel in which the user talks with CodeAct, as other plugins use it. */
export interface IChat {
  /** The panel's tab. */
  readonly title: Title<Widget>;

  /** Show the panel and give it the focus; with a path, about that notebook. */
  open(path?: string): void;

  /** Attach something to the draft. */
  attach(attachment: Attachment): void;

  /** Put text into the composer, for the user to continue. */
  draft(text: string): void;

  /**
   * Send a task for the notebook in front, and show the panel.
   *
   * `options` may name the cell that the task is about. What cannot be sent now becomes the draft.
   */
  ask(text: string, attachments: Attachment[], options?: IAskOptions): void;
}

export const IChat = new Token<IChat>(
  'jupyter-codeact:IChat',
  'The panel in which the user talks with CodeAct.'
);

/** What the user has set in the settings editor. */
export interface ISettings extends IDisposable {
  /** Enter sends and Shift+Enter starts a new line, or the other way round. */
  readonly sendWithEnter: boolean;

  /** Offer Ctrl+G at cells, and buttons at outputs. */
  readonly cellPrompt: boolean;

  /** Keep the cell that CodeAct works on in view, while the user is looking at it. */
  readonly followCell: boolean;

  /** Show tokens, speed, time and cost below each run. */
  readonly showFigures: boolean;

  /** Load the model when the panel is opened. */
  readonly loadModel: boolean;

  /** Notify the user of a run in another notebook that waits or ends. */
  readonly notifications: boolean;

  /** Which cells wait for approval where nothing else is chosen; empty for the server's setting. */
  readonly approval: Approval | '';

  /** How much help the model gets; empty for what suits it. */
  readonly guidance: Guidance | '';

  /** The model to choose when a page is opened; empty for the one chosen last. */
  readonly model: string;

  /** What the model is to heed in every task. */
  readonly instructions: string;

  /** Resolves when the user's settings are known. */
  readonly ready: Promise<void>;

  readonly changed: ISignal<ISettings, void>;
}

export const ISettings = new Token<ISettings>(
  'jupyter-codeact:ISettings',
  'What the user has set for CodeAct.'
);
