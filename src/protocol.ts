// Generated from jupyter_codeact/protocol.py by 'make protocol'; change it there.

export type FromPage =
  Open | Close | Ask | Stop | NewConversation | Done | Failed;
export type FromServer =
  | History
  | Happened
  | Refused
  | ModelStatus
  | ReadState
  | WriteCell
  | RunCell
  | DeleteCell;

export interface Protocol {
  FromPage: FromPage;
  FromServer: FromServer;
}
/**
 * The page shows a notebook; the server answers with `History`.
 *
 * Sent again whenever the notebook is renamed, or its kernel changes or restarts. ``kernel_id`` is
 * ``None`` without a kernel.
 */
export interface Open {
  type: 'open';
  /**
   * path in Jupyter's contents, which names the notebook on this socket
   */
  notebook: string;
  kernel_id: string | null;
}
/**
 * The page no longer shows a notebook.
 */
export interface Close {
  type: 'close';
  notebook: string;
}
/**
 * The user gives a task for a notebook this page has open.
 */
export interface Ask {
  type: 'ask';
  notebook: string;
  task: string;
}
/**
 * The user stops the run of a notebook.
 */
export interface Stop {
  type: 'stop';
  notebook: string;
}
/**
 * The user starts afresh; the old conversation stays in the journal.
 */
export interface NewConversation {
  type: 'new_conversation';
  notebook: string;
}
/**
 * The page did what a command asked. Which field is set depends on the command's ``op``.
 */
export interface Done {
  type: 'done';
  id: number;
  state: NotebookState | null;
  cell_id: string | null;
  execution: Execution | null;
}
/**
 * A notebook at one moment. ``active_cell`` is the id of the cell the user is at, if any.
 */
export interface NotebookState {
  cells: Cell[];
  active_cell: string | null;
  kernel: Kernel | null;
  variables: Variable[];
}
/**
 * A cell as the agent sees it.
 */
export interface Cell {
  id: string;
  cell_type: 'code' | 'markdown' | 'raw';
  source: string;
  outputs: {
    [k: string]: unknown;
  }[];
  execution_count: number | null;
}
/**
 * The notebook's kernel: its language (``"python"``) and its state in Jupyter's words.
 */
export interface Kernel {
  language: string;
  status: string;
}
/**
 * A variable of the user's in the kernel: its type's name, and what can be said of it in a few words.
 */
export interface Variable {
  name: string;
  type: string;
  summary: string;
}
/**
 * How running a cell went: nbformat outputs in order, and the time it took in seconds.
 */
export interface Execution {
  status: 'ok' | 'error' | 'interrupted' | 'dead';
  outputs: {
    [k: string]: unknown;
  }[];
  execution_count: number | null;
  seconds: number;
}
/**
 * The page could not do what a command asked; ``message`` is a sentence for the user.
 *
 * ``running`` says that the kernel may still be at the cell, and that nobody sees any more what it does.
 */
export interface Failed {
  type: 'failed';
  id: number;
  message: string;
  running: boolean;
}
/**
 * All events so far of the notebook's conversation, and whether a run is under way.
 */
export interface History {
  type: 'history';
  notebook: string;
  conversation: string;
  events: (
    | RunStarted
    | ReplyDelta
    | Reply
    | Action
    | CellWritten
    | Decided
    | Executed
    | Observation
    | RunEnded
  )[];
  running: boolean;
}
/**
 * A task was given. ``system`` is the prompt that the conversation with the model begins with.
 */
export interface RunStarted {
  conversation: string;
  run: string;
  turn: number;
  time: number;
  type: 'run_started';
  task: string;
  notebook: string;
  model: string;
  system: string;
}
/**
 * A piece of the reply being written. Shown as it comes, not stored: `Reply` has the whole.
 */
export interface ReplyDelta {
  conversation: string;
  run: string;
  turn: number;
  time: number;
  type: 'reply_delta';
  text: string;
}
/**
 * What the model said in one turn, as it stays in its history.
 */
export interface Reply {
  conversation: string;
  run: string;
  turn: number;
  time: number;
  type: 'reply';
  text: string;
  usage: Usage;
  seconds: number;
  finish_reason: string | null;
}
/**
 * Tokens of one model reply.
 *
 * ``cached_tokens`` is the part of ``prompt_tokens`` that a prefix cache served.
 * ``estimated`` says that the endpoint did not count and these are our estimates.
 */
export interface Usage {
  prompt_tokens: number;
  cached_tokens: number;
  completion_tokens: number;
  estimated: boolean;
}
/**
 * The executable part of a reply, as the model wrote it.
 */
export interface Action {
  conversation: string;
  run: string;
  turn: number;
  time: number;
  type: 'action';
  source: string;
  cell_type: 'code' | 'markdown';
}
/**
 * The action is in the notebook. ``rewritten`` says that it replaced a failed attempt.
 */
export interface CellWritten {
  conversation: string;
  run: string;
  turn: number;
  time: number;
  type: 'cell_written';
  cell_id: string;
  rewritten: boolean;
}
/**
 * What the gate said. ``source`` is what may run; it differs from the action's if the user edited it.
 */
export interface Decided {
  conversation: string;
  run: string;
  turn: number;
  time: number;
  type: 'decided';
  cell_id: string;
  source: string;
  sha256: string;
  allowed: boolean;
  reasons: string[];
}
/**
 * The cell ran. Outputs as nbformat spells them.
 */
export interface Executed {
  conversation: string;
  run: string;
  turn: number;
  time: number;
  type: 'executed';
  cell_id: string;
  status: 'ok' | 'error' | 'interrupted' | 'dead';
  outputs: {
    [k: string]: unknown;
  }[];
  execution_count: number | null;
  seconds: number;
}
/**
 * What the model is shown next: the task with the notebook around it, or what a turn came to.
 */
export interface Observation {
  conversation: string;
  run: string;
  turn: number;
  time: number;
  type: 'observation';
  text: string;
  /**
   * data URIs, for models that see
   */
  images: string[];
}
/**
 * The run is over. ``message`` is a sentence for the user when there is no answer.
 */
export interface RunEnded {
  conversation: string;
  run: string;
  turn: number;
  time: number;
  type: 'run_ended';
  ending:
    | 'answered'
    | 'stopped'
    | 'out_of_turns'
    | 'out_of_tokens'
    | 'out_of_time'
    | 'stuck'
    | 'failed';
  answer: string;
  message: string;
  turns: number;
  usage: Usage1;
  seconds: number;
}
/**
 * Tokens of one model reply.
 *
 * ``cached_tokens`` is the part of ``prompt_tokens`` that a prefix cache served.
 * ``estimated`` says that the endpoint did not count and these are our estimates.
 */
export interface Usage1 {
  prompt_tokens: number;
  cached_tokens: number;
  completion_tokens: number;
  estimated: boolean;
}
/**
 * An event of the notebook's conversation, as it happens.
 */
export interface Happened {
  type: 'happened';
  notebook: string;
  event:
    | RunStarted
    | ReplyDelta
    | Reply
    | Action
    | CellWritten
    | Decided
    | Executed
    | Observation
    | RunEnded;
}
/**
 * The server could not take a message; ``message`` is a sentence for the user.
 */
export interface Refused {
  type: 'refused';
  notebook: string;
  message: string;
}
/**
 * How the model is. ``progress`` is 0 to 1 while downloading or loading and known, else ``None``.
 */
export interface ModelStatus {
  type: 'model_status';
  model: string;
  state:
    | 'absent'
    | 'downloading'
    | 'loading'
    | 'ready'
    | 'busy'
    | 'stopped'
    | 'failed';
  progress: number | null;
  message: string;
}
/**
 * Command: read the notebook. Answered by `Done` with ``state``.
 */
export interface ReadState {
  type: 'read_state';
  id: number;
  notebook: string;
}
/**
 * Command: rewrite ``cell_id`` in place, or insert below ``after`` (at the end if ``None``).
 *
 * Answered by `Done` with ``cell_id``. Must not move focus, selection or scroll of a user at work elsewhere.
 */
export interface WriteCell {
  type: 'write_cell';
  id: number;
  notebook: string;
  source: string;
  cell_type: 'code' | 'markdown';
  cell_id: string | null;
  after: string | null;
  /**
   * for information only, never obeyed
   */
  metadata: {
    [k: string]: unknown;
  };
}
/**
 * Command: run the cell if its source is still exactly ``source``.
 *
 * Answered by `Done` with ``execution`` once the cell is done.
 */
export interface RunCell {
  type: 'run_cell';
  id: number;
  notebook: string;
  cell_id: string;
  source: string;
}
/**
 * Command: remove a cell. Answered by `Done`.
 */
export interface DeleteCell {
  type: 'delete_cell';
  id: number;
  notebook: string;
  cell_id: string;
}
