import { Token } from '@lumino/coreutils';
import { IDisposable } from '@lumino/disposable';
import { ISignal } from '@lumino/signaling';

import { Attachment, Cell, FromPage, FromServer } from './protocol';

/** The commands users can call. */
export namespace CommandIDs {
  export const open = 'codeact:open';
  export const stop = 'codeact:stop';
  export const newConversation = 'codeact:new-conversation';
  export const showConversations = 'codeact:show-conversations';
  export const chooseModel = 'codeact:choose-model';
}

/** How the page's socket to the server is. */
export type ConnectionState = 'closed' | 'connecting' | 'open';

/** The page's one WebSocket to the server. */
export interface IConnection extends IDisposable {
  readonly state: ConnectionState;

  /** How often in a row it was lost without a word from the server. */
  readonly failures: number;

  /** Emitted when `state` changes. */
  readonly stateChanged: ISignal<IConnection, ConnectionState>;

  readonly received: ISignal<IConnection, FromServer>;

  /** Open the socket, and keep it open. */
  connect(): void;

  /**
   * Send a message.
   *
   * Without an open socket, the answer to a command (`done`, `failed`) waits for it; anything else is dropped.
   * Returns whether the message went out.
   */
  send(message: FromPage): boolean;
}

export const IConnection = new Token<IConnection>(
  'jupyter-codeact:IConnection',
  'The WebSocket between this page and the CodeAct server extension.'
);

/** A notebook this page shows. */
export interface IOpenNotebook {
  /** Its path in Jupyter's contents. */
  readonly path: string;

  /** What keeps CodeAct from working in it, as a sentence that says what to do; `null` if nothing does. */
  readonly obstacle: string | null;
}

/** A cell of a notebook, in brief. */
export interface ICellInfo {
  readonly id: string;
  readonly type: Cell['cell_type'];
  readonly source: string;
  readonly isActive: boolean;
}

/** The notebooks this page shows. */
export interface INotebooks extends IDisposable {
  /** The notebook in front. */
  readonly current: IOpenNotebook | null;

  /** Emitted when another notebook comes in front, or the one in front changes its path or its obstacle. */
  readonly changed: ISignal<INotebooks, void>;

  readonly renamed: ISignal<INotebooks, { from: string; to: string }>;

  readonly closed: ISignal<INotebooks, string>;

  /** The present path of a notebook that may have been renamed since somebody noted `path`. */
  resolve(path: string): string;

  /** Bring a cell in front of the user. Returns whether it is still there. */
  jumpToCell(path: string, cellId: string): Promise<boolean>;

  /** The cells of a notebook, in order. */
  cells(path: string): ICellInfo[];

  /** The text that is selected in the active cell, or in what it shows. */
  selection(path: string): { cellId: string; text: string } | null;

  /** The names of the user's variables; empty if the kernel is busy or is none for Python. */
  variables(path: string): Promise<string[]>;

  /** Insert a code cell below the active one, as the user would. */
  insertBelow(path: string, source: string): void;

  /** Replace what the active cell holds, as the user would. Returns whether there is one. */
  replaceActive(path: string, source: string): boolean;
}

export const INotebooks = new Token<INotebooks>(
  'jupyter-codeact:INotebooks',
  'The notebooks this page shows, as CodeAct sees them.'
);

/** What the user is about to ask. */
export interface IQuestion {
  readonly task?: string;
  readonly attachments?: readonly Attachment[];
}

/** The chat panel, for what is beside it. */
export interface IChat {
  /** Open the panel and put this into the composer of the notebook in front, where the user goes on. */
  compose(question: IQuestion): void;

  /** Open the panel and ask this at once in the notebook in front, or put it into the composer where that is not possible. */
  ask(question: IQuestion & { readonly task: string }): void;
}

export const IChat = new Token<IChat>(
  'jupyter-codeact:IChat',
  'The panel in which users talk with CodeAct.'
);

/** What the user has set in the settings editor. */
export interface ISettings extends IDisposable {
  /** Enter sends, Shift+Enter starts a new line; or else the other way round. */
  readonly sendWithEnter: boolean;

  /** Scroll along with the cell being worked on while the user looks at it. */
  readonly followCell: boolean;

  /** Show tokens, speed and time below each run. */
  readonly showFigures: boolean;

  readonly changed: ISignal<ISettings, void>;
}

export const ISettings = new Token<ISettings>(
  'jupyter-codeact:ISettings',
  'What the user has set for CodeAct.'
);
