// Generated from jupyter_codeact/protocol/ by 'make protocol'; change it there.

export type FromPage =
  | Open
  | Close
  | Ask
  | Attend
  | Stop
  | MakeWay
  | NewConversation
  | ListConversations
  | OpenConversation
  | RenameConversation
  | DeleteConversation
  | ResolveApproval
  | AnswerQuestion
  | SetApproval
  | Undo
  | Redo
  | Keep
  | Check
  | StopCheck
  | ListInstructions
  | ListVariables
  | ConfirmServers
  | ExportConversation
  | ListModels
  | ChooseModel
  | SetPreferences
  | SaveEndpoint
  | TestEndpoint
  | RemoveEndpoint
  | ControlModel
  | Began
  | Done
  | Failed;
export type FromServer =
  | History
  | EventMessage
  | Refused
  | ApprovalChanged
  | ConversationList
  | ConversationFile
  | InstructionList
  | VariableList
  | ServerList
  | Checking
  | ModelStatus
  | ModelList
  | EndpointTested
  | ReadState
  | ReadCell
  | WriteCell
  | RestoreCell
  | RunCell
  | DeleteCell
  | MoveCell;

export interface Protocol {
  FromPage: FromPage;
  FromServer: FromServer;
}
/**
 * The page shows a notebook; the server answers with `History`.
 *
 * Sent again whenever the notebook is renamed, or its kernel changes or restarts. ``kernel_id`` is
 * ``None`` without a kernel; ``notebook`` names the notebook in all further messages. ``approval`` is the
 * user's default where neither they nor the model has another; empty for the server's, ``None`` if the page
 * does not know it.
 */
export interface Open {
  id: string;
  notebook: string;
  type: 'open';
  kernel_id: string | null;
  approval: ('always' | 'risky' | 'never') | '' | null;
}
/**
 * The page no longer shows a notebook.
 */
export interface Close {
  id: string;
  notebook: string;
  type: 'close';
}
/**
 * The user gives a task for a notebook this page has open.
 */
export interface Ask {
  id: string;
  notebook: string;
  type: 'ask';
  task: string;
  attachments: Attachment[];
  /**
   * run that this one replaces; see RunStarted
   */
  replaces: string | null;
  /**
   * a model's name for this run; None for the chosen one
   */
  model: string | null;
  /**
   * approval for this run; None for the notebook's
   */
  approval: ('always' | 'risky' | 'never') | null;
  /**
   * cell to work below, or in if empty; None for the active one
   */
  below: string | null;
  /**
   * cell whose %codeact asks; see RunStarted
   */
  asked_in: string | null;
  /**
   * cell to rewrite; see RunStarted
   */
  target: string | null;
  /**
   * replies this run may take; None for the default
   */
  max_turns: number | null;
  settings: ModelSettings | null;
  /**
   * None for what suits the model
   */
  guidance: ('small' | 'capable') | null;
  /**
   * what the model is to heed in every task
   */
  instructions: string;
}
/**
 * An attachment to a task.
 *
 * ``name`` is for display; ``text`` is its content: a cell's source, a selection, the beginning of a file.
 * ``cell_id`` is the cell that it is or comes from; ``path`` is a file's path for the kernel; ``image`` is
 * an image as a data URI.
 */
export interface Attachment {
  kind: 'cell' | 'selection' | 'file' | 'image';
  name: string;
  text: string;
  cell_id: string | null;
  path: string | null;
  image: string | null;
}
/**
 * How a model is asked; ``None`` leaves a setting to whoever is asked next, and at last to the endpoint.
 *
 * ``reply_tokens`` limits one reply, its thinking included. ``extra_body`` is added to the body of each
 * request as it is.
 */
export interface ModelSettings {
  reasoning_effort: ('off' | 'minimal' | 'low' | 'medium' | 'high') | null;
  temperature: number | null;
  top_p: number | null;
  reply_tokens: number | null;
  extra_body: {
    [k: string]: unknown;
  } | null;
}
/**
 * The user may ask soon, below this cell: the panel is in view, and the notebook is quiet.
 */
export interface Attend {
  id: string;
  notebook: string;
  type: 'attend';
  /**
   * cell that a run would work below; None for the active one
   */
  below: string | null;
  /**
   * as in Ask
   */
  guidance: ('small' | 'capable') | null;
  /**
   * as in Ask
   */
  instructions: string;
}
/**
 * The user stops the run of a notebook.
 */
export interface Stop {
  id: string;
  notebook: string;
  type: 'stop';
}
/**
 * The user has a task for CodeAct: the run of another agent ends after the call under way.
 */
export interface MakeWay {
  id: string;
  notebook: string;
  type: 'make_way';
}
/**
 * The user starts afresh; the old conversation stays in the journal.
 */
export interface NewConversation {
  id: string;
  notebook: string;
  type: 'new_conversation';
}
/**
 * The user wants to see a notebook's conversations; answered by `ConversationList`.
 */
export interface ListConversations {
  id: string;
  notebook: string;
  type: 'list_conversations';
}
/**
 * The user goes on with an earlier conversation of the notebook; answered by `History`.
 */
export interface OpenConversation {
  id: string;
  notebook: string;
  type: 'open_conversation';
  conversation: string;
}
/**
 * The user gives a conversation a title; answered by `ConversationList`.
 */
export interface RenameConversation {
  id: string;
  notebook: string;
  type: 'rename_conversation';
  conversation: string;
  title: string;
}
/**
 * The user deletes a conversation for good; answered by `ConversationList`.
 */
export interface DeleteConversation {
  id: string;
  notebook: string;
  type: 'delete_conversation';
  conversation: string;
}
/**
 * The user's answer to `events.ApprovalRequested`, bound to the source they were asked about.
 *
 * ``source`` is what the cell holds now, which is what will run. ``rest`` approves the rest of the run too.
 * ``comment`` tells the model why the cell is skipped, or what to do instead.
 */
export interface ResolveApproval {
  id: string;
  notebook: string;
  type: 'resolve_approval';
  run: string;
  sha256: string;
  approved: boolean;
  source: string;
  rest: boolean;
  comment: string;
}
/**
 * The user's answer to `events.QuestionAsked`; ``None`` lets the model decide.
 */
export interface AnswerQuestion {
  id: string;
  notebook: string;
  type: 'answer_question';
  run: string;
  answer: string | null;
}
/**
 * The user chooses which cells wait for approval in this notebook; answered by `ApprovalChanged`.
 */
export interface SetApproval {
  id: string;
  notebook: string;
  type: 'set_approval';
  approval: 'always' | 'risky' | 'never';
}
/**
 * The user undoes a run, or ``cells`` of it; answered by the event `RunUndone`, or `Refused`.
 */
export interface Undo {
  id: string;
  notebook: string;
  type: 'undo';
  /**
   * the last one that changed a cell if None
   */
  run: string | null;
  cells: string[] | null;
}
/**
 * The user brings back what was undone of a run, or of ``cells`` of it; answered by `RunRedone`.
 */
export interface Redo {
  id: string;
  notebook: string;
  type: 'redo';
  run: string;
  cells: string[] | null;
}
/**
 * The user keeps what a run changed, or ``cells`` of it; answered by the event `RunKept`.
 */
export interface Keep {
  id: string;
  notebook: string;
  type: 'keep';
  run: string;
  cells: string[] | null;
}
/**
 * The user checks whether the notebook reproduces in a fresh kernel; answered by several `Checking`.
 */
export interface Check {
  id: string;
  notebook: string;
  type: 'check';
}
/**
 * End a check under way.
 */
export interface StopCheck {
  id: string;
  notebook: string;
  type: 'stop_check';
}
/**
 * The user wants to see what the project tells the model; answered by `InstructionList`.
 */
export interface ListInstructions {
  id: string;
  notebook: string;
  type: 'list_instructions';
}
/**
 * The user wants to see what there is in the notebook's kernel; answered by `VariableList`.
 */
export interface ListVariables {
  id: string;
  notebook: string;
  type: 'list_variables';
}
/**
 * The user confirms the servers of a `ServerProposal`; answered by `ServerList`.
 */
export interface ConfirmServers {
  id: string;
  notebook: string;
  type: 'confirm_servers';
  digest: string;
}
/**
 * The user wants a conversation of the notebook as a file; answered by `ConversationFile`.
 */
export interface ExportConversation {
  id: string;
  notebook: string;
  type: 'export_conversation';
  conversation: string;
}
/**
 * The user wants to choose a model; answered by `ModelList`.
 */
export interface ListModels {
  id: string;
  type: 'list_models';
}
/**
 * The user chooses what the server's runs use from now on; answered by `ModelList` to every page.
 */
export interface ChooseModel {
  id: string;
  type: 'choose_model';
  /**
   * id of a ModelChoice
   */
  choice: string;
}
/**
 * The user sets how a model works, in place of what was set; answered by `ModelList` to every page.
 *
 * ``model`` is one of an endpoint's models; empty for all of them, and for a model of this machine.
 */
export interface SetPreferences {
  id: string;
  type: 'set_preferences';
  /**
   * id of a ModelChoice
   */
  choice: string;
  model: string;
  preferences: Preferences;
}
/**
 * What the user sets for a model, or for an endpoint's; ``None`` leaves it to whoever is asked next.
 */
export interface Preferences {
  supports_images: boolean | null;
  guidance: ('small' | 'capable') | null;
  approval: ('always' | 'risky' | 'never') | null;
  settings: ModelSettings | null;
  prices: Prices | null;
}
/**
 * What a model's tokens cost, in dollars for a million of them; ``None`` is unknown.
 *
 * ``price_in`` is for tokens of prompts, ``price_cached`` for those that a prefix cache served (the same if
 * it is not given), ``price_out`` for tokens of replies.
 */
export interface Prices {
  price_in: number | null;
  price_cached: number | null;
  price_out: number | null;
}
/**
 * The user adds an endpoint, or changes the one of that name; answered by `ModelList` to every page.
 *
 * The key goes to the server and never comes back; ``None`` keeps the one there is, empty removes it. The
 * other fields replace what was set: ``None`` leaves them to the endpoint, and what is not sent stays.
 */
export interface SaveEndpoint {
  supports_images: boolean | null;
  guidance: ('small' | 'capable') | null;
  approval: ('always' | 'risky' | 'never') | null;
  settings: ModelSettings | null;
  prices: Prices | null;
  id: string;
  type: 'save_endpoint';
  name: string;
  url: string;
  model: string;
  api_key: string | null;
}
/**
 * The user wants to know whether an endpoint answers; answered by `EndpointTested`, or `Refused`.
 *
 * It need not be saved. Without a key, the one that the endpoint ``name`` has is used, if the address is
 * that server's.
 */
export interface TestEndpoint {
  id: string;
  type: 'test_endpoint';
  name: string;
  url: string;
  model: string;
  api_key: string | null;
}
/**
 * The user removes an endpoint and its key; answered by `ModelList` to every page.
 */
export interface RemoveEndpoint {
  id: string;
  type: 'remove_endpoint';
  name: string;
}
/**
 * The user starts (downloads, loads, retries) or stops the chosen model; `ModelStatus` follows.
 */
export interface ControlModel {
  id: string;
  type: 'control_model';
  action: 'start' | 'stop';
}
/**
 * The page has sent the kernel the execution that `RunCell` number ``id`` asked for.
 *
 * ``message`` is the kernel request's id, with which the server can follow it when the page goes away.
 */
export interface Began {
  type: 'began';
  id: number;
  message: string;
}
/**
 * The page did what a command asked; the command's type decides which field is set.
 */
export interface Done {
  type: 'done';
  id: number;
  state: NotebookState | null;
  /**
   * as nbformat spells it
   */
  cell: {
    [k: string]: unknown;
  } | null;
  cell_id: string | null;
  execution: Execution | null;
}
/**
 * The state of a notebook. ``active_cell`` is the id of the user's active cell, if there is one.
 *
 * ``variables`` is ``None`` if they are unknown: a busy kernel cannot tell.
 * ``tools`` are functions that the notebook's metadata proposes (``codeact.tools``, each as
 * ``"module:function"``): text for the model, and never a reason to run anything. ``name`` is that of the
 * notebook's file, ``files`` are those beside it; ``previews`` tell what is in those that the task names.
 */
export interface NotebookState {
  cells: Cell[];
  active_cell: string | null;
  kernel: Kernel | null;
  variables: Variable[] | null;
  tools: string[];
  name: string;
  files: string[];
  previews: {
    [k: string]: string;
  };
}
/**
 * A cell as the agent sees it. ``protected`` says that the user marked it as never to run or edit.
 */
export interface Cell {
  id: string;
  cell_type: 'code' | 'markdown' | 'raw';
  source: string;
  outputs: {
    [k: string]: unknown;
  }[];
  execution_count: number | null;
  protected: boolean;
}
/**
 * The notebook's kernel: its language (``"python"``), and its status in Jupyter's terms.
 *
 * ``session`` changes when the kernel restarts and loses its variables; it is empty if that is unknown.
 */
export interface Kernel {
  language: string;
  status: string;
  session: string;
}
/**
 * A variable in the kernel: its name, the name of its type, and a short summary.
 *
 * For a function marked as a tool (type ``"tool"``), the summary is its signature and docstring. ``names``
 * are its first columns or keys.
 */
export interface Variable {
  name: string;
  type: string;
  summary: string;
  names: string[];
}
/**
 * The result of running a cell: its outputs in nbformat's form, in order, and its duration in seconds.
 *
 * ``status`` is the kernel's word, whatever the outputs look like. ``exit_code`` is that of the cell's last
 * shell command (``!ls``), if it failed: to the kernel, such a cell is a success.
 */
export interface Execution {
  status: 'ok' | 'error' | 'interrupted' | 'dead';
  outputs: {
    [k: string]: unknown;
  }[];
  execution_count: number | null;
  exit_code: number | null;
  seconds: number;
}
/**
 * The page could not do what a command asked; ``message`` is a sentence for the user.
 *
 * ``running`` says that the kernel may still be running the cell, and that nobody can see it any more.
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
    | ModelDescribed
    | ServersConnected
    | ReplyDelta
    | Reply
    | PlanChanged
    | QuestionAsked
    | QuestionAnswered
    | Action
    | CellWritten
    | CellDeleted
    | CellMoved
    | NotebookRead
    | ApprovalRequested
    | ApprovalResolved
    | Executed
    | Observation
    | HooksApplied
    | AnswerRejected
    | HistoryCompacted
    | RunEnded
    | RunUndone
    | RunRedone
    | RunKept
  )[];
  running: boolean;
  approval: 'always' | 'risky' | 'never';
  approval_for_run: boolean;
}
/**
 * A run has begun. ``system`` is the system prompt in journals before `ModelDescribed` was recorded.
 *
 * ``replaces`` is an earlier run that the user repeats: the model no longer sees that run and what followed.
 * ``asked_in`` is the cell whose ``%codeact`` asked for it; ``target`` the cell that the run is to rewrite.
 * ``executes`` says that the notebook's own cells run first. ``agent`` is the name of another agent that
 * works here itself, through MCP; ``asked_by`` that of one that gave ours the task.
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
  attachments: Attachment[];
  replaces: string | null;
  asked_in: string | null;
  target: string | null;
  executes: boolean;
  agent: string | null;
  asked_by: string | null;
}
/**
 * The model is known: its context window in tokens, and the system prompt that it gets from now on.
 */
export interface ModelDescribed {
  conversation: string;
  run: string;
  turn: number;
  time: number;
  type: 'model_described';
  name: string;
  guidance: 'small' | 'capable';
  system: string;
  context_window: number | null;
}
/**
 * The user's MCP servers have been started, and their functions defined in the kernel.
 */
export interface ServersConnected {
  conversation: string;
  run: string;
  turn: number;
  time: number;
  type: 'servers_connected';
  servers: ToolServer[];
}
/**
 * A program outside the kernel whose tools are functions in it.
 *
 * Attributes
 * ----------
 * name : str
 *     Its name in the user's configuration.
 * module : str
 *     The name in the kernel that has its functions as attributes; empty if none could be defined.
 * tools : list of str
 *     The functions.
 * destructive : list of str
 *     Those that may change or delete something, by their own word.
 * problem : str
 *     Why it, or one of its tools, cannot be used; empty if all is well.
 */
export interface ToolServer {
  name: string;
  module: string;
  tools: string[];
  destructive: string[];
  problem: string;
}
/**
 * A parsed part of a streaming reply. It is shown but not stored, because `Reply` has the whole.
 *
 * ``thinking``, ``prose`` and ``action`` are to be added to what is shown. ``restart`` says that this part
 * replaces it: the model was asked again, or the reply is parsed differently now. ``thinking_tokens`` is
 * about how many tokens the thinking has so far; ``prompt_tokens``, which comes alone and first, the prompt.
 */
export interface ReplyDelta {
  conversation: string;
  run: string;
  turn: number;
  time: number;
  type: 'reply_delta';
  thinking: string;
  prose: string;
  action: string;
  restart: boolean;
  thinking_tokens: number | null;
  prompt_tokens: number | null;
}
/**
 * The model's reply in one turn.
 *
 * ``text`` is the reply as it stays in the model's history, without its thinking. Frontends show
 * ``thinking`` and ``prose``, and the action from the event `Action`. ``seconds`` is its whole duration,
 * ``first_token_seconds`` the time to its first token, ``thinking_seconds`` that from the first to the last
 * token of its thinking. ``thinking_tokens`` is an estimate unless the usage has ``reasoning_tokens``.
 * ``thinking_unopened`` says that a mark closed the thinking that none had opened.
 */
export interface Reply {
  conversation: string;
  run: string;
  turn: number;
  time: number;
  type: 'reply';
  text: string;
  thinking: string;
  prose: string;
  usage: Usage;
  seconds: number;
  first_token_seconds: number | null;
  thinking_seconds: number | null;
  thinking_tokens: number | null;
  thinking_unopened: boolean;
  finish_reason: string | null;
}
/**
 * The tokens of a model's reply.
 *
 * ``cached_tokens`` is the part of ``prompt_tokens`` that a prefix cache served; ``reasoning_tokens`` the
 * part of ``completion_tokens`` that was thinking, ``None`` if the endpoint does not say. ``estimated`` says
 * that the endpoint did not count tokens, so that the numbers are estimates.
 */
export interface Usage {
  prompt_tokens: number;
  cached_tokens: number;
  completion_tokens: number;
  reasoning_tokens: number | null;
  estimated: boolean;
}
/**
 * The model wrote a plan into its reply, as a checklist, or ticked off some of its steps.
 */
export interface PlanChanged {
  conversation: string;
  run: string;
  turn: number;
  time: number;
  type: 'plan_changed';
  steps: PlanStep[];
}
/**
 * A step of the model's plan.
 */
export interface PlanStep {
  text: string;
  done: boolean;
}
/**
 * The model asks the user, and the run waits. ``options`` are the answers that it proposes.
 */
export interface QuestionAsked {
  conversation: string;
  run: string;
  turn: number;
  time: number;
  type: 'question_asked';
  question: string;
  options: string[];
}
/**
 * The user's answer to the model's question; ``None`` if nobody can be asked, or wanted to answer.
 */
export interface QuestionAnswered {
  conversation: string;
  run: string;
  turn: number;
  time: number;
  type: 'question_answered';
  answer: string | null;
}
/**
 * The source of a cell: the executable part of a reply, with the changes of hooks.
 *
 * ``is_call`` says that it is no cell, but a call on the notebook: ``notebook.delete("a1b2")``.
 */
export interface Action {
  conversation: string;
  run: string;
  turn: number;
  time: number;
  type: 'action';
  source: string;
  cell_type: 'code' | 'markdown';
  is_call: boolean;
}
/**
 * The action is in the notebook. ``rewritten`` says that it replaced a cell's content.
 *
 * ``before`` is the complete earlier cell, when a run first changes a cell that it did not create. ``after``
 * is the cell that a new one was put below: empty at the top, ``None`` if unknown.
 */
export interface CellWritten {
  conversation: string;
  run: string;
  turn: number;
  time: number;
  type: 'cell_written';
  cell_id: string;
  rewritten: boolean;
  before: {
    [k: string]: unknown;
  } | null;
  after: string | null;
}
/**
 * The action deleted a cell. ``before`` is the complete cell, ``was`` the place where it stood.
 *
 * ``name`` is what the user calls it: ``cell [3]``.
 */
export interface CellDeleted {
  conversation: string;
  run: string;
  turn: number;
  time: number;
  type: 'cell_deleted';
  cell_id: string;
  name: string;
  before: {
    [k: string]: unknown;
  };
  was: Place;
}
/**
 * The place of a cell: the ids of the cells above and below it, ``None`` at an end of the notebook.
 */
export interface Place {
  above: string | null;
  below: string | null;
}
/**
 * The action moved a cell from the place where it ``was`` to where it ``now`` is.
 *
 * ``name`` is what the user calls it: ``cell [3]``.
 */
export interface CellMoved {
  conversation: string;
  run: string;
  turn: number;
  time: number;
  type: 'cell_moved';
  cell_id: string;
  name: string;
  was: Place;
  now: Place;
}
/**
 * The action read the notebook. ``message`` tells the user what was read, in a sentence.
 */
export interface NotebookRead {
  conversation: string;
  run: string;
  turn: number;
  time: number;
  type: 'notebook_read';
  message: string;
}
/**
 * The gate waits for the user's approval of a cell, which is written but has not run.
 *
 * ``sha256`` is the hash of the preceding `Action`'s source. If that is a call on the notebook
 * (``is_call``), ``cell_id`` is the cell to be deleted or moved.
 */
export interface ApprovalRequested {
  conversation: string;
  run: string;
  turn: number;
  time: number;
  type: 'approval_requested';
  cell_id: string;
  sha256: string;
  reasons: string[];
  is_call: boolean;
}
/**
 * The gate's decision. ``edited`` is the source that may run, if the user changed the `Action`'s.
 *
 * ``sha256`` is the hash of the source that may run. ``comment`` is what the user said to the model when
 * they skipped the cell.
 */
export interface ApprovalResolved {
  conversation: string;
  run: string;
  turn: number;
  time: number;
  type: 'approval_resolved';
  cell_id: string;
  sha256: string;
  allowed: boolean;
  reasons: string[];
  edited: string | null;
  comment: string;
}
/**
 * The cell ran. ``outputs`` are in nbformat's form; ``exit_code`` as in `Execution`.
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
  exit_code: number | null;
  seconds: number;
}
/**
 * The next message to the model: the task with its notebook, or the outcome of a turn.
 */
export interface Observation {
  conversation: string;
  run: string;
  turn: number;
  time: number;
  type: 'observation';
  text: string;
  /**
   * data URIs, for models that support images
   */
  images: string[];
}
/**
 * These hooks of `agent.hooks` were of use in this turn.
 */
export interface HooksApplied {
  conversation: string;
  run: string;
  turn: number;
  time: number;
  type: 'hooks_applied';
  hooks: string[];
}
/**
 * The answer in this turn's reply was rejected, and the model continues.
 *
 * ``message`` tells the user why.
 */
export interface AnswerRejected {
  conversation: string;
  run: string;
  turn: number;
  time: number;
  type: 'answer_rejected';
  message: string;
}
/**
 * The context window was nearly full: from now on the model sees a summary of everything before.
 *
 * ``room`` is the summary's size in characters.
 */
export interface HistoryCompacted {
  conversation: string;
  run: string;
  turn: number;
  time: number;
  type: 'history_compacted';
  room: number;
}
/**
 * The run has ended. ``message`` is a sentence for the user if there is no answer.
 *
 * ``cost`` is what its tokens cost in dollars, if the prices are known; ``claims`` are the values in the
 * answer that an output shows, or should have shown.
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
  cost: number | null;
  claims: Claim[];
}
/**
 * The tokens of a model's reply.
 *
 * ``cached_tokens`` is the part of ``prompt_tokens`` that a prefix cache served; ``reasoning_tokens`` the
 * part of ``completion_tokens`` that was thinking, ``None`` if the endpoint does not say. ``estimated`` says
 * that the endpoint did not count tokens, so that the numbers are estimates.
 */
export interface Usage1 {
  prompt_tokens: number;
  cached_tokens: number;
  completion_tokens: number;
  reasoning_tokens: number | null;
  estimated: boolean;
}
/**
 * A value in an answer. ``cell_id`` is the cell whose output shows it, ``None`` if no output does.
 */
export interface Claim {
  text: string;
  cell_id: string | null;
}
/**
 * The cells of ``run``, or ``cells`` of it, were restored; those in ``left`` were changed since.
 *
 * ``taken`` is what the undo changed, in its order; ``None`` in journals before there was a redo.
 */
export interface RunUndone {
  conversation: string;
  run: string;
  turn: number;
  time: number;
  type: 'run_undone';
  cells: string[] | null;
  /**
   * ids of cells
   */
  left: string[];
  taken: Taken[] | null;
}
/**
 * A cell as it was before an undo, which a redo makes it again; without ``cell``, it was not there.
 */
export interface Taken {
  cell_id: string;
  cell: {
    [k: string]: unknown;
  } | null;
  place: Place | null;
}
/**
 * What was undone of ``run``, or ``cells`` of it, is back; those in ``left`` were changed since.
 */
export interface RunRedone {
  conversation: string;
  run: string;
  turn: number;
  time: number;
  type: 'run_redone';
  cells: string[] | null;
  /**
   * ids of cells
   */
  left: string[];
}
/**
 * The user has looked at the changes of ``run``, or of ``cells`` of it, and keeps them.
 */
export interface RunKept {
  conversation: string;
  run: string;
  turn: number;
  time: number;
  type: 'run_kept';
  cells: string[] | null;
}
/**
 * An event of the notebook's conversation, as it happens.
 */
export interface EventMessage {
  type: 'event';
  notebook: string;
  event:
    | RunStarted
    | ModelDescribed
    | ServersConnected
    | ReplyDelta
    | Reply
    | PlanChanged
    | QuestionAsked
    | QuestionAnswered
    | Action
    | CellWritten
    | CellDeleted
    | CellMoved
    | NotebookRead
    | ApprovalRequested
    | ApprovalResolved
    | Executed
    | Observation
    | HooksApplied
    | AnswerRejected
    | HistoryCompacted
    | RunEnded
    | RunUndone
    | RunRedone
    | RunKept;
}
/**
 * The server could not do what the request ``id`` asked; ``message`` is a sentence for the user.
 *
 * ``id`` is ``None`` when the sentence answers no request: a message that could not be read, or a warning.
 */
export interface Refused {
  type: 'refused';
  id: string | null;
  notebook: string;
  message: string;
}
/**
 * Which cells wait for approval in the notebook from now on; ``for_run``: in the run under way alone.
 */
export interface ApprovalChanged {
  type: 'approval_changed';
  notebook: string;
  approval: 'always' | 'risky' | 'never';
  for_run: boolean;
}
/**
 * The notebook's conversations, the newest first.
 */
export interface ConversationList {
  type: 'conversation_list';
  notebook: string;
  conversations: ConversationInfo[];
}
/**
 * A conversation in a list. ``title`` is the user's name for it, by default its first task.
 */
export interface ConversationInfo {
  id: string;
  title: string;
  created: number;
  updated: number;
  runs: number;
}
/**
 * A conversation as a page to read, in Markdown.
 */
export interface ConversationFile {
  type: 'conversation_file';
  notebook: string;
  conversation: string;
  /**
   * a name for the file
   */
  name: string;
  text: string;
}
/**
 * The instructions and skills that hold for a notebook, besides the user's own.
 */
export interface InstructionList {
  type: 'instruction_list';
  notebook: string;
  project: Project;
}
/**
 * What holds where a notebook lies.
 *
 * ``files`` begin with the one that is farthest from the notebook: a nearer one goes before it. ``left_out``
 * are the files of skills that have no description that can be read.
 */
export interface Project {
  files: InstructionFile[];
  skills: Skill[];
  left_out: string[];
}
/**
 * A file with instructions for every agent in its folder; code in the kernel can open its ``path``.
 */
export interface InstructionFile {
  path: string;
  text: string;
}
/**
 * A guide to one kind of work, which the model reads when it needs it: the file at ``path``.
 */
export interface Skill {
  name: string;
  description: string;
  path: string;
}
/**
 * The user's variables in a notebook's kernel; none while it is busy.
 */
export interface VariableList {
  type: 'variable_list';
  notebook: string;
  variables: Variable[];
}
/**
 * The MCP servers of a notebook, and what could not be read of where they are named.
 */
export interface ServerList {
  type: 'server_list';
  notebook: string;
  servers: ServerState[];
  problems: string[];
  proposal: ServerProposal | null;
}
/**
 * An MCP server that a notebook's runs use.
 *
 * ``what`` is the command that is started, or the address; no secret is in it. ``module`` is its name in the
 * kernel, empty before it was started for a run; ``destructive`` are those of its ``tools`` that may change
 * or delete something.
 */
export interface ServerState {
  name: string;
  what: string;
  origin: 'configuration' | 'settings' | 'file';
  module: string;
  tools: string[];
  destructive: string[];
  problem: string;
}
/**
 * MCP servers that a file beside the notebook names, and that are not started before the user says so.
 *
 * ``servers`` has what would be started or reached, by name; ``digest`` stands for exactly this content.
 */
export interface ServerProposal {
  file: string;
  digest: string;
  servers: {
    [k: string]: string;
  };
}
/**
 * How far a check is. ``reproduces`` is ``None`` until it is over; ``message`` sums it up.
 */
export interface Checking {
  type: 'checking';
  notebook: string;
  cells: CellCheck[];
  reproduces: boolean | null;
  message: string;
}
/**
 * The result of a cell in a fresh kernel. ``message`` is a sentence about what is wrong, if anything.
 */
export interface CellCheck {
  cell_id: string;
  state: 'waiting' | 'running' | 'same' | 'different' | 'failed' | 'not_run';
  message: string;
}
/**
 * How the model is. ``progress`` is 0 to 1 while downloading or loading and known, else ``None``.
 *
 * ``where`` is what runs it and on what, as in "llama.cpp on 2 CPU cores". ``needs_key`` says that an
 * endpoint refused its key, or wants one.
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
  where: string;
  needs_key: boolean;
}
/**
 * What can be chosen, and what is.
 */
export interface ModelList {
  type: 'model_list';
  choices: ModelChoice[];
  /**
   * id of a choice
   */
  chosen: string;
}
/**
 * A model the user can choose.
 *
 * ``runs`` tells whether it runs here, ``fits`` in words how, or why not. A model of the catalogue has a
 * ``size`` for people and a ``licence``; one that is not ``present`` is downloaded when it is chosen.
 * ``suggested`` is the best of them for this machine. A ``tuned`` one was trained on this machine: from
 * which model, its ``base`` tells.
 * What is set for it is that of an endpoint or of a model of this machine; ``models`` has what is set for
 * single models of an endpoint, by their names.
 */
export interface ModelChoice {
  supports_images: boolean | null;
  guidance: ('small' | 'capable') | null;
  approval: ('always' | 'risky' | 'never') | null;
  settings: ModelSettings | null;
  prices: Prices | null;
  id: string;
  name: string;
  kind: 'auto' | 'catalog' | 'file' | 'tuned' | 'endpoint';
  /**
   * the endpoint's address, or what runs it
   */
  where: string;
  detail: string;
  present: boolean;
  runs: boolean;
  fits: string;
  size: string;
  licence: string;
  suggested: boolean;
  /**
   * id of the choice that a tuned model was made of
   */
  base: string;
  has_key: boolean;
  models: {
    [k: string]: Preferences;
  };
}
/**
 * The endpoint that the request ``id`` asked about answers; ``models`` are those that it lists.
 */
export interface EndpointTested {
  type: 'endpoint_tested';
  id: string;
  models: string[];
}
/**
 * Command: read the notebook, without outputs if ``brief``. Answered by `Done` with ``state``.
 */
export interface ReadState {
  type: 'read_state';
  id: number;
  notebook: string;
  brief: boolean;
}
/**
 * Command: read a whole cell. Answered by `Done` with ``cell``.
 */
export interface ReadCell {
  type: 'read_cell';
  id: number;
  notebook: string;
  cell_id: string;
}
/**
 * Command: rewrite ``cell_id`` in place, or insert ``new_id`` below ``after`` or above ``before``.
 *
 * If both are ``None``, or the cell is gone, the new one is the last.
 *
 * A cell that holds neither ``source`` nor ``was`` (what the run left there) has been edited by the user: it
 * is left alone, and the new cell goes below it. Without ``was`` it is rewritten in any case. A protected
 * cell is refused. Answered by `Done` with ``cell_id``. Must not move the focus, selection or scroll
 * position of a user at work elsewhere.
 */
export interface WriteCell {
  type: 'write_cell';
  id: number;
  notebook: string;
  source: string;
  cell_type: 'code' | 'markdown';
  cell_id: string | null;
  new_id: string;
  after: string | null;
  before: string | null;
  was: string | null;
  /**
   * for information only, never obeyed
   */
  metadata: {
    [k: string]: unknown;
  };
}
/**
 * Command: put a whole cell back, in place if it is there, else below ``after`` (first if ``None``).
 *
 * In place, a cell keeps its editor and whatever the user is doing there. ``trusted`` says that the kernel
 * made its outputs just now, as if the page had run the cell itself. Answered by `Done`.
 */
export interface RestoreCell {
  type: 'restore_cell';
  id: number;
  notebook: string;
  /**
   * as nbformat spells it
   */
  cell: {
    [k: string]: unknown;
  };
  after: string | null;
  trusted: boolean;
}
/**
 * Command: run the cell if its source is still exactly ``source``.
 *
 * Answered by `Began` when the kernel has been asked, and by `Done` with ``execution`` and a brief ``state``
 * once the cell is done.
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
/**
 * Command: move a cell below ``after`` (``None``: to the top). Answered by `Done`.
 *
 * The cell keeps its editor and its outputs. A protected cell is refused.
 */
export interface MoveCell {
  type: 'move_cell';
  id: number;
  notebook: string;
  cell_id: string;
  after: string | null;
}
