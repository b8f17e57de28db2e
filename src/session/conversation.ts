import { History } from '../protocol';
import { Event, IMessage, reduceMessages } from './messages';
import { IRun, reduceRuns } from './runs';

/** What the events of a conversation come to; never changed, only replaced. */
export interface IConversation {
  readonly id: string;
  readonly messages: readonly IMessage[];
  readonly runs: readonly IRun[];
  /** Whether a run is under way. */
  readonly running: boolean;
  /** The turn that the last run is in. */
  readonly turn: number;
  /** The id of the cell the agent is working on. */
  readonly workingCell: string | null;
  readonly context: IContext;
}

/** How full the model's context is. */
export interface IContext {
  /** Tokens of the last prompt and its reply. */
  readonly used: number;
  /** Tokens that there is room for, if known. */
  readonly window: number | null;
}

export const EMPTY: IConversation = {
  id: '',
  messages: [],
  runs: [],
  running: false,
  turn: 0,
  workingCell: null,
  context: { used: 0, window: null }
};

/** The conversation after one more event. */
export function reduce(
  conversation: IConversation,
  event: Event
): IConversation {
  const next = {
    ...conversation,
    messages: reduceMessages(conversation.messages, event),
    runs: reduceRuns(conversation.runs, event),
    turn: event.turn || conversation.turn
  };
  switch (event.type) {
    case 'run_started':
      return { ...next, id: event.conversation, running: true, turn: 0 };
    case 'model_described': {
      const context = { ...next.context, window: event.context_window };
      return { ...next, context };
    }
    case 'reply': {
      const { completion_tokens, prompt_tokens } = event.usage;
      const used = prompt_tokens + completion_tokens;
      return { ...next, context: { ...next.context, used } };
    }
    case 'cell_written':
      return { ...next, workingCell: event.cell_id };
    case 'approval_resolved':
      return { ...next, workingCell: event.allowed ? event.cell_id : null };
    case 'executed':
    case 'cell_moved':
    case 'cell_deleted':
      return { ...next, workingCell: null };
    case 'observation':
      // The model is shown it, and takes its next turn.
      return { ...next, turn: event.turn + 1, workingCell: null };
    case 'run_ended':
      return { ...next, running: false, workingCell: null };
    case 'hooks_applied':
    case 'history_compacted':
      return conversation;
    default:
      return next;
  }
}

/** A conversation from its events so far. */
export function fromHistory(
  history: History,
  before: IConversation
): IConversation {
  const { running } = history;
  const conversation = {
    ...history.events.reduce(reduce, EMPTY),
    id: history.conversation,
    running
  };
  if (!running) {
    return { ...conversation, workingCell: null };
  }
  const writing = before.messages[before.messages.length - 1];
  const isKnown = conversation.messages.some(({ id }) => id === writing?.id);
  if (before.id !== conversation.id || !writing?.streaming || isKnown) {
    return conversation;
  }
  // Pieces of a reply are not stored: only this page knows what it has seen of it so far.
  return { ...conversation, messages: [...conversation.messages, writing] };
}
