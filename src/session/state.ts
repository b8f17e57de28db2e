import { Approval } from '../approval';
import {
  ApprovalChanged,
  Attachment,
  Checking,
  ConversationInfo,
  ConversationList,
  EventMessage,
  History,
  ServerList,
  InstructionList,
  Project,
  Variable,
  VariableList
} from '../protocol';
import { IMove, lastMove } from './task-place';
import { EMPTY, fromHistory, IConversation, reduce } from './conversation';

/** Where the user acts, and so where a refusal is shown. */
export type Place = 'chat' | 'notebook';

/** A sentence for the user that is no part of the conversation. */
export interface INotice {
  readonly tone: 'alert' | 'note';
  readonly text: string;
  /** The ids of the cells it is about. */
  readonly cells: readonly string[];
}

/** What the user asks. */
export interface ITask {
  readonly task: string;
  readonly attachments: readonly Attachment[];
  /** The earlier run that is asked again. */
  readonly replaces: string | null;
}

/** A task that `%codeact` handed over to the page. */
export interface IHandoff {
  /** Its name in the kernel. */
  readonly id: string;
  readonly task: string;
  /** The id of its run, once that has begun. */
  readonly run: string | null;
  /** Why there will be no run. */
  readonly refusal: string | null;
}

/** A check of the notebook, and what the user has done since. */
export interface ICheck {
  readonly result: Checking;
  /** The cells that were edited since, whose results no longer apply. */
  readonly edited: readonly string[];
  /** Where the user has hidden it. */
  readonly hidden: readonly Place[];
}

/** All that is known of one notebook; never changed, only replaced. */
export interface ISessionState {
  readonly conversation: IConversation;
  /** `null` until the server has sent it. */
  readonly approval: Approval | null;
  /** Whether that holds for the run under way alone. */
  readonly isApprovalForRun: boolean;
  readonly check: ICheck | null;
  /** All conversations about the notebook, once the user wants to see them. */
  readonly conversations: readonly ConversationInfo[] | null;
  /** What there is in the kernel, once that was asked for. */
  readonly variables: readonly Variable[] | null;
  /** The MCP servers of the notebook, if there are any. */
  readonly servers: ServerList | null;
  /** The digest of the proposed servers that the user does not want to see now. */
  readonly hiddenServers: string | null;
  /** What the project tells the model, once that was asked for. */
  readonly project: Project | null;
  /** The task that was sent, until its run begins. */
  readonly pending: ITask | null;
  /** Where the user has gone in the notebook since the page opened it. */
  readonly moved: IMove | null;
  /** The run whose changes the user goes through. */
  readonly reviewing: string | null;
  /** The runs that were asked for in a box at a cell on this page. */
  readonly prompted: readonly string[];
  readonly handoffs: readonly IHandoff[];
  /** The digest of the cell that the user has just approved or skipped. */
  readonly resolving: string | null;
  /** Whether the user has pressed Stop. */
  readonly stopping: boolean;
  readonly notices: Readonly<Record<Place, INotice | null>>;
}

export const BLANK: ISessionState = {
  conversation: EMPTY,
  approval: null,
  isApprovalForRun: false,
  check: null,
  conversations: null,
  variables: null,
  servers: null,
  hiddenServers: null,
  project: null,
  pending: null,
  moved: null,
  reviewing: null,
  prompted: [],
  handoffs: [],
  resolving: null,
  stopping: false,
  notices: { chat: null, notebook: null }
};

/** The server's messages about a notebook. */
export type NotebookMessage =
  | History
  | EventMessage
  | ApprovalChanged
  | ConversationList
  | VariableList
  | ServerList
  | InstructionList
  | Checking;

/** The state after one more message of the server's. */
export function receive(
  state: ISessionState,
  message: NotebookMessage
): ISessionState {
  switch (message.type) {
    case 'history': {
      const conversation = fromHistory(message, state.conversation);
      return {
        ...state,
        conversation,
        moved: state.moved ?? lastMove(conversation.runs),
        approval: message.approval,
        isApprovalForRun: message.approval_for_run,
        resolving: null,
        stopping: state.stopping && message.running
      };
    }
    case 'event':
      return afterEvent(state, message);
    case 'approval_changed':
      return {
        ...state,
        approval: message.approval,
        isApprovalForRun: message.for_run
      };
    case 'conversation_list':
      return { ...state, conversations: message.conversations };
    case 'variable_list':
      return { ...state, variables: message.variables };
    case 'server_list':
      return { ...state, servers: message };
    case 'instruction_list':
      return { ...state, project: message.project };
    case 'checking':
      return { ...state, check: { result: message, edited: [], hidden: [] } };
  }
}

/** The state after the connection is lost: the next history will show what had arrived. */
export function disconnected(state: ISessionState): ISessionState {
  const { check } = state;
  return {
    ...state,
    // Its progress is not sent again.
    check: check?.result.reproduces === null ? null : check,
    resolving: null
  };
}

function afterEvent(
  state: ISessionState,
  { event }: EventMessage
): ISessionState {
  const conversation = reduce(state.conversation, event);
  if (conversation === state.conversation) {
    return state;
  }
  const next = { ...state, conversation };
  switch (event.type) {
    case 'run_started':
      return {
        ...next,
        pending: null,
        reviewing: null,
        stopping: false,
        handoffs: begun(state.handoffs, event.task, event.run),
        notices: { ...state.notices, chat: null }
      };
    case 'run_ended':
      return { ...next, pending: null, stopping: false, resolving: null };
    case 'approval_resolved':
      return { ...next, resolving: null };
    default:
      return next;
  }
}

/** Note the run of the first handoff with this task that has none. */
export function begun(
  handoffs: readonly IHandoff[],
  task: string,
  run: string
): readonly IHandoff[] {
  const index = handoffs.findIndex(each => isOpen(each) && each.task === task);
  return index < 0
    ? handoffs
    : handoffs.map((each, i) => (i === index ? { ...each, run } : each));
}

/** Refuse the handoffs that fit and whose run has not begun. */
export function refused(
  handoffs: readonly IHandoff[],
  refusal: string,
  fits: (handoff: IHandoff) => boolean = () => true
): readonly IHandoff[] {
  return handoffs.map(each =>
    isOpen(each) && fits(each) ? { ...each, refusal } : each
  );
}

/** Whether a handoff's run may still begin. */
export function isOpen({ refusal, run }: IHandoff): boolean {
  return run === null && refusal === null;
}
