import {
  Attachment,
  CellWritten,
  Claim,
  EventMessage,
  ReplyDelta,
  RunEnded,
  RunStarted,
  RunUndone
} from '../protocol';
import {
  approvalRequested,
  approvalResolved,
  changed,
  executed,
  hasChanged,
  IAction,
  isOpen,
  newAction,
  written
} from './action';
import { IThought, stillThought, thoughtOf } from './thought';
import { figuresOf, IFigures } from './figures';

export type Event = EventMessage['event'];

/** How a run ended. */
export interface IEnding extends Pick<
  RunEnded,
  'ending' | 'message' | 'turns' | 'usage' | 'seconds' | 'cost'
> {
  /** What each of its turns cost. */
  readonly figures: readonly IFigures[];
  /** Whether it changed the notebook. */
  readonly hasChanges: boolean;
}

/** What a model has to read before it writes. */
export interface IReading {
  readonly tokens: number;
  /** When it began, in Unix time in seconds. */
  readonly since: number;
}

/** One message of a conversation; never changed, only replaced. */
export interface IMessage {
  readonly id: string;
  /** The run it belongs to. */
  readonly run: string;
  /** The user's task, or the prose of the agent's reply. */
  readonly body: string;
  readonly sender: 'user' | 'agent' | 'notice';
  /** The name of another agent whose run it belongs to. */
  readonly agent?: string | null;
  /** The name of another agent that gave ours the task. */
  readonly askedBy?: string | null;
  /** Unix time in seconds. */
  readonly time: number;
  /** What the user attached to the task. */
  readonly attachments?: readonly Attachment[];
  /** What the model thought before it replied. */
  readonly thinking?: string;
  /** How long and how much it thought, as far as that is known. */
  readonly thought?: IThought;
  /** Code in a reply that has not become an action yet. */
  readonly code?: string;
  /** Whether the reply is still being written. */
  readonly streaming?: boolean;
  /** What the model reads before it writes; `null` once it writes. */
  readonly reading?: IReading | null;
  /** In the answer of a run: its values, and the cells whose outputs show them. */
  readonly claims?: readonly Claim[];
  readonly figures?: IFigures;
  readonly action?: IAction;
  readonly question?: IQuestion;
  /** The actions of the same reply before that one. */
  readonly earlier?: readonly IAction[];
  /** What was read of the notebook, a sentence each. */
  readonly readings?: readonly string[];
  /** Why the reply was not accepted as the answer, in a sentence. */
  readonly rejection?: string;
  /** In the notice that closes a run. */
  readonly ending?: IEnding;
  /** In the notice that a run was undone: the cells that were left alone. */
  readonly undone?: { readonly left: readonly string[] };
}

/** What the model asks the user. */
export interface IQuestion {
  readonly text: string;
  /** The answers that it proposes. */
  readonly options: readonly string[];
  readonly state: 'waiting' | 'answered' | 'unanswered';
  readonly answer: string | null;
}

type Messages = readonly IMessage[];

/** The messages of a conversation after one more event. */
export function reduceMessages(messages: Messages, event: Event): Messages {
  switch (event.type) {
    case 'run_started':
      return started(messages, event);
    case 'reply_delta':
      return change(messages, event, message => extended(message, event));
    case 'reply':
      return change(messages, event, message => ({
        ...message,
        body: event.prose,
        thinking: event.thinking,
        thought: thoughtOf(event),
        streaming: false,
        figures: figuresOf(event)
      }));
    case 'action':
      return change(messages, event, message => ({
        ...message,
        code: undefined,
        streaming: false,
        action: newAction(event),
        earlier: actionsOf(message)
      }));
    case 'cell_moved':
    case 'cell_deleted':
      return act(messages, event, action => changed(action, event));
    case 'notebook_read':
      return change(messages, event, message => ({
        ...message,
        code: undefined,
        streaming: false,
        readings: [...(message.readings ?? []), event.message]
      }));
    case 'cell_written':
      return act(overwritten(messages, event), event, action =>
        written(action, event.cell_id)
      );
    case 'approval_requested':
      return act(messages, event, action => approvalRequested(action, event));
    case 'approval_resolved':
      return act(messages, event, action => approvalResolved(action, event));
    case 'executed':
      return act(messages, event, action => executed(action, event));
    case 'question_asked': {
      const { options, question: text } = event;
      return change(messages, event, message => ({
        ...message,
        code: undefined,
        streaming: false,
        question: { text, options, state: 'waiting', answer: null }
      }));
    }
    case 'question_answered': {
      const { answer } = event;
      const state = answer === null ? 'unanswered' : 'answered';
      return change(messages, event, message => ({
        ...message,
        question: message.question && { ...message.question, state, answer }
      }));
    }
    case 'answer_rejected':
      return change(messages, event, message => ({
        ...message,
        rejection: event.message
      }));
    case 'run_undone':
      return undone(messages, event);
    case 'run_ended':
      return ended(messages, event);
    case 'run_redone':
      return event.cells === null
        ? messages.filter(({ id }) => id !== `${event.run}.undone`)
        : messages;
    case 'run_kept':
    case 'model_described':
    case 'servers_connected':
    case 'plan_changed':
    case 'observation':
    case 'history_compacted':
    case 'hooks_applied':
      return messages;
  }
}

/** The actions of a message, in their order. */
export function actionsOf({ action, earlier }: IMessage): readonly IAction[] {
  return [...(earlier ?? []), ...(action ? [action] : [])];
}

/** The messages before a run, which is all of them if it is not there. */
export function before(messages: Messages, run: string | null): Messages {
  const index = messages.findIndex(message => message.run === run);
  return index < 0 ? messages : messages.slice(0, index);
}

function started(messages: Messages, event: RunStarted): Messages {
  const {
    agent,
    asked_by: askedBy,
    attachments,
    run,
    task: body,
    time
  } = event;
  const task = { id: run, run, body, time, attachments };
  return [
    ...before(messages, event.replaces),
    agent
      ? { ...task, sender: 'notice', agent }
      : { ...task, sender: 'user', askedBy }
  ];
}

/** A reply with one more piece, or starting over with it. */
function extended(message: IMessage, event: ReplyDelta): IMessage {
  const { action, prose, restart, thinking } = event;
  const soFar: Partial<IMessage> = restart ? {} : message;
  const body = (soFar.body ?? '') + prose;
  const code = (soFar.code ?? '') + action;
  return {
    ...message,
    body,
    thinking: (soFar.thinking ?? '') + thinking,
    thought: stillThought(message.thought, event, !!(body || code)),
    code,
    streaming: true,
    reading: stillRead(soFar.reading, event)
  };
}

/** What is being read, until anything was written. */
function stillRead(
  before: IReading | null | undefined,
  { action, prompt_tokens, prose, thinking, time }: ReplyDelta
): IReading | null | undefined {
  if (thinking || prose || action) {
    return null;
  }
  return prompt_tokens === null
    ? before
    : { tokens: prompt_tokens, since: time };
}

/** Replace the message of this event's turn, or add it as the agent's. */
function change(
  messages: Messages,
  { run, time, turn }: Event,
  how: (message: IMessage) => IMessage
): Messages {
  const id = `${run}.${turn}`;
  const changed = [...messages];
  // Nearly always the last.
  let index = changed.length - 1;
  while (index >= 0 && changed[index].id !== id) {
    index -= 1;
  }
  if (index >= 0) {
    changed[index] = how(changed[index]);
  } else {
    const agent = changed.find(message => message.id === run)?.agent;
    changed.push(how({ id, run, sender: 'agent', agent, body: '', time }));
  }
  return changed;
}

/** Replace the action of this event's turn. */
function act(
  messages: Messages,
  event: Event,
  how: (action: IAction) => IAction
): Messages {
  return change(messages, event, message => ({
    ...message,
    action: message.action && how(message.action)
  }));
}

/** Mark the earlier actions that a rewritten cell held. */
function overwritten(messages: Messages, event: CellWritten): Messages {
  if (!event.rewritten) {
    return messages;
  }
  const mark = (action: IAction): IAction =>
    action.cellId === event.cell_id && !action.isCall
      ? { ...action, rewritten: true }
      : action;
  return messages.map(message =>
    actionsOf(message).some(({ cellId }) => cellId === event.cell_id)
      ? {
          ...message,
          action: message.action && mark(message.action),
          earlier: message.earlier?.map(mark)
        }
      : message
  );
}

function undone(messages: Messages, event: RunUndone): Messages {
  const { left, run, time } = event;
  if (event.cells !== null) {
    return messages; // some cells: the run's own line tells
  }
  return [
    ...messages.filter(({ id }) => id !== `${run}.undone`),
    {
      id: `${run}.undone`,
      run,
      sender: 'notice',
      body: '',
      time,
      undone: { left }
    }
  ];
}

function ended(messages: Messages, event: RunEnded): Messages {
  const { run } = event;
  const closed = messages.map((message): IMessage => {
    const { action, question, streaming } = message;
    const isLeft = action && isOpen(action);
    const isUnanswered = question?.state === 'waiting';
    return message.run === run && (streaming || isLeft || isUnanswered)
      ? {
          ...message,
          streaming: false,
          action: isLeft ? { ...action, state: 'stopped' } : action,
          question: isUnanswered
            ? { ...question, state: 'unanswered' }
            : question
        }
      : message;
  });
  const { time, turn, answer, claims, ending, message } = event;
  const { cost, seconds, turns, usage } = event;
  const last = closed[closed.length - 1];
  if (answer && (last?.sender !== 'agent' || !last.body)) {
    const id = `${run}.${turn}.answer`;
    closed.push({ id, run, sender: 'agent', body: answer, time, claims });
  } else if (answer) {
    closed[closed.length - 1] = { ...last, claims };
  }
  const ofRun = closed.filter(message => message.run === run);
  const figures = ofRun.flatMap(({ figures }) => figures ?? []);
  const hasChanges = ofRun.flatMap(actionsOf).some(hasChanged);
  closed.push({
    id: `${run}.end`,
    run,
    sender: 'notice',
    body: '',
    time,
    ending: {
      ending,
      message,
      turns,
      usage,
      seconds,
      cost,
      figures,
      hasChanges
    }
  });
  return closed;
}
