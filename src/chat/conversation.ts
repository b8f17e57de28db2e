import {
  Action,
  CellWritten,
  Executed,
  Happened,
  History,
  RunEnded
} from '../protocol';
import { IOutcome, outcomeOf } from './outcome';

export type Event = Happened['event'];

/** Where an action is. `stopped` is also one that was not allowed to run. */
export type ActionState = 'waiting' | 'running' | 'done' | 'failed' | 'stopped';

/** Code that the agent puts into a cell. */
export interface IAction {
  readonly source: string;
  /** Whether it makes a text cell, which is not run. */
  readonly isText: boolean;
  readonly state: ActionState;
  readonly allowed: boolean;
  /** What the gate had to say. */
  readonly reasons: readonly string[];
  readonly cellId: string | null;
  /** Whether a later action has taken its place in the cell. */
  readonly rewritten: boolean;
  /** Unix time in seconds, once it runs. */
  readonly started: number | null;
  readonly seconds: number | null;
  readonly status: Executed['status'] | null;
  readonly outcome: IOutcome | null;
}

/** How a run ended. */
export type Ending = Pick<
  RunEnded,
  'ending' | 'message' | 'turns' | 'usage' | 'seconds'
>;

/** One message of a conversation; never changed, only replaced. */
export interface IMessage {
  readonly id: string;
  readonly body: string;
  readonly sender: 'user' | 'agent' | 'notice';
  /** Unix time in seconds. */
  readonly time: number;
  /** Whether `body` is still being written. */
  readonly streaming?: boolean;
  readonly action?: IAction;
  /** In the notice that closes a run. */
  readonly ending?: Ending;
}

/** What the events of a conversation come to; never changed, only replaced. */
export interface IConversation {
  readonly id: string;
  readonly messages: readonly IMessage[];
  readonly running: boolean;
}

export const EMPTY: IConversation = { id: '', messages: [], running: false };

/** Draw a conversation from its events so far. */
export function fromHistory(
  history: History,
  before: IConversation
): IConversation {
  let conversation: IConversation = { ...EMPTY, id: history.conversation };
  for (const event of history.events) {
    conversation = happen(conversation, event);
  }
  conversation = { ...conversation, running: history.running };
  const writing = before.messages[before.messages.length - 1];
  const isKnown = conversation.messages.some(({ id }) => id === writing?.id);
  if (
    before.id === conversation.id &&
    history.running &&
    writing?.streaming &&
    !isKnown
  ) {
    // Pieces of a reply are not stored: what was seen of it so far is known here only.
    const messages = [...conversation.messages, writing];
    conversation = { ...conversation, messages };
  }
  return conversation;
}

/** The conversation after one more event. */
export function happen(
  conversation: IConversation,
  event: Event
): IConversation {
  const { run, time } = event;
  const id = `${run}.${event.turn}`;
  switch (event.type) {
    case 'run_started':
      return {
        id: event.conversation,
        running: true,
        messages: [
          ...conversation.messages,
          { id: run, sender: 'user', body: event.task, time }
        ]
      };
    case 'reply_delta':
      return change(conversation, id, time, message => ({
        ...message,
        body: event.restart ? event.text : message.body + event.text,
        streaming: true
      }));
    case 'reply':
      return change(conversation, id, time, message => ({
        ...message,
        body: event.text,
        streaming: false
      }));
    case 'action':
      return change(conversation, id, time, message => ({
        ...message,
        body: withoutCode(message.body, event.source),
        streaming: false,
        action: newAction(event)
      }));
    case 'cell_written':
      return change(overwritten(conversation, event), id, time, message => ({
        ...message,
        action: message.action && {
          ...message.action,
          // A text cell is done once it is there; code waits for the gate.
          state: message.action.isText ? 'done' : 'waiting',
          cellId: event.cell_id
        }
      }));
    case 'decided':
      return change(conversation, id, time, message => ({
        ...message,
        action: message.action && {
          ...message.action,
          source: event.source,
          state: event.allowed ? 'running' : 'stopped',
          allowed: event.allowed,
          reasons: event.reasons,
          started: event.allowed ? time : null
        }
      }));
    case 'executed':
      return change(conversation, id, time, message => ({
        ...message,
        action: message.action && executed(message.action, event)
      }));
    case 'asked':
    case 'observation':
    case 'condensed':
    case 'run_undone':
      return conversation;
    case 'run_ended':
      return ended(conversation, event);
  }
}

/** What a reply says besides the code that became its action. */
export function withoutCode(reply: string, source: string): string {
  const code = source.trim().replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  const block = new RegExp(
    `(${OPENER})\\s*${code}\\s*(\`{3,}|~{3,}|</execute>|$)`
  );
  const found =
    block.exec(reply) ??
    // The action is not word for word in the reply: drop all from its block on.
    new RegExp(`(${OPENER})[^]*`).exec(reply);
  if (!found) {
    return reply.trim();
  }
  const before = reply.slice(0, found.index).trimEnd();
  const after = reply.slice(found.index + found[0].length).trimStart();
  return `${before}\n\n${after}`.trim();
}

/** How the executable part of a reply may begin, as a regular expression. */
const OPENER = '(`{3,}|~{3,})[^\\n]*\\n|<execute>';

function newAction(event: Action): IAction {
  return {
    source: event.source,
    isText: event.cell_type === 'markdown',
    state: 'waiting',
    allowed: true,
    reasons: [],
    cellId: null,
    rewritten: false,
    started: null,
    seconds: null,
    status: null,
    outcome: null
  };
}

function executed(action: IAction, event: Executed): IAction {
  const states = {
    ok: 'done',
    error: 'failed',
    interrupted: 'stopped',
    dead: 'failed'
  } as const;
  return {
    ...action,
    state: states[event.status],
    cellId: event.cell_id,
    seconds: event.seconds,
    status: event.status,
    outcome: outcomeOf(event.outputs)
  };
}

/** Replace the message of this id, or add it as the agent's. */
function change(
  conversation: IConversation,
  id: string,
  time: number,
  how: (message: IMessage) => IMessage
): IConversation {
  const { messages } = conversation;
  const isNew = !messages.some(message => message.id === id);
  return {
    ...conversation,
    messages: isNew
      ? [...messages, how({ id, sender: 'agent', body: '', time })]
      : messages.map(message => (message.id === id ? how(message) : message))
  };
}

/** Mark the earlier actions that a rewritten cell held. */
function overwritten(
  conversation: IConversation,
  event: CellWritten
): IConversation {
  if (!event.rewritten) {
    return conversation;
  }
  return {
    ...conversation,
    messages: conversation.messages.map(message =>
      message.action?.cellId === event.cell_id
        ? { ...message, action: { ...message.action, rewritten: true } }
        : message
    )
  };
}

function ended(conversation: IConversation, event: RunEnded): IConversation {
  const ofRun = `${event.run}.`;
  const messages = conversation.messages.map((message): IMessage => {
    const { action, id, streaming } = message;
    const isOpen = action?.state === 'waiting' || action?.state === 'running';
    return id.startsWith(ofRun) && (streaming || isOpen)
      ? {
          ...message,
          streaming: false,
          action: action && isOpen ? { ...action, state: 'stopped' } : action
        }
      : message;
  });
  const { time, turn, answer, ending, message, turns, usage, seconds } = event;
  const last = messages[messages.length - 1];
  if (answer && (last?.sender !== 'agent' || !last.body)) {
    messages.push({
      id: `${ofRun}${turn}.answer`,
      sender: 'agent',
      body: answer,
      time
    });
  }
  messages.push({
    id: `${ofRun}end`,
    sender: 'notice',
    body: '',
    time,
    ending: { ending, message, turns, usage, seconds }
  });
  return { ...conversation, messages, running: false };
}
