import {
  Attachment,
  CellWritten,
  Happened,
  History,
  RunEnded,
  RunStarted,
  RunUndone
} from '../protocol';
import {
  asked,
  decided,
  executed,
  IAction,
  isOpen,
  newAction,
  written
} from './action';
import { figuresOf, IFigures } from './figures';
import { withoutCode } from './words';

export type Event = Happened['event'];

/** How a run ended. */
export interface IEnding extends Pick<
  RunEnded,
  'ending' | 'message' | 'turns' | 'usage' | 'seconds'
> {
  /** What each of its turns cost. */
  readonly figures: readonly IFigures[];
  /** Whether it left something in the notebook that can be taken back. */
  readonly canUndo: boolean;
}

/** One message of a conversation; never changed, only replaced. */
export interface IMessage {
  readonly id: string;
  /** The run it belongs to. */
  readonly run: string;
  readonly body: string;
  readonly sender: 'user' | 'agent' | 'notice';
  /** Unix time in seconds. */
  readonly time: number;
  /** What the user gave along. */
  readonly attachments?: readonly Attachment[];
  /** Whether `body` is still being written. */
  readonly streaming?: boolean;
  readonly figures?: IFigures;
  readonly action?: IAction;
  /** Why it was not taken for an answer, in a sentence. */
  readonly doubt?: string;
  /** In the notice that closes a run. */
  readonly ending?: IEnding;
  /** In the notice that a run was taken back: the cells that were left alone. */
  readonly undone?: { readonly left: readonly string[] };
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
  switch (event.type) {
    case 'run_started':
      return started(conversation, event);
    case 'reply_delta':
      return change(conversation, event, message => ({
        ...message,
        body: event.restart ? event.text : message.body + event.text,
        streaming: true
      }));
    case 'reply':
      return change(conversation, event, message => ({
        ...message,
        body: event.text,
        streaming: false,
        figures: figuresOf(event)
      }));
    case 'action':
      return change(conversation, event, message => ({
        ...message,
        body: withoutCode(message.body, event.source),
        streaming: false,
        action: newAction(event)
      }));
    case 'cell_written':
      return act(overwritten(conversation, event), event, action =>
        written(action, event.cell_id)
      );
    case 'asked':
      return act(conversation, event, action => asked(action, event));
    case 'decided':
      return act(conversation, event, action => decided(action, event));
    case 'executed':
      return act(conversation, event, action => executed(action, event));
    case 'doubted':
      return change(conversation, event, message => ({
        ...message,
        doubt: event.message
      }));
    case 'observation':
    case 'condensed':
      return conversation;
    case 'run_undone':
      return undone(conversation, event);
    case 'run_ended':
      return ended(conversation, event);
  }
}

/** The messages before a run, which is all of them if it is not there. */
export function before(
  messages: readonly IMessage[],
  run: string | null
): readonly IMessage[] {
  const index = messages.findIndex(message => message.run === run);
  return index < 0 ? messages : messages.slice(0, index);
}

function started(
  conversation: IConversation,
  event: RunStarted
): IConversation {
  const { attachments, run, task: body, time } = event;
  return {
    id: event.conversation,
    running: true,
    messages: [
      ...before(conversation.messages, event.replaces),
      { id: run, run, sender: 'user', body, time, attachments }
    ]
  };
}

/** Replace the message of this event's turn, or add it as the agent's. */
function change(
  conversation: IConversation,
  { run, time, turn }: Event,
  how: (message: IMessage) => IMessage
): IConversation {
  const id = `${run}.${turn}`;
  const messages = [...conversation.messages];
  // Nearly always the last.
  let index = messages.length - 1;
  while (index >= 0 && messages[index].id !== id) {
    index -= 1;
  }
  if (index >= 0) {
    messages[index] = how(messages[index]);
  } else {
    messages.push(how({ id, run, sender: 'agent', body: '', time }));
  }
  return { ...conversation, messages };
}

/** Replace the action of this event's turn. */
function act(
  conversation: IConversation,
  event: Event,
  how: (action: IAction) => IAction
): IConversation {
  return change(conversation, event, message => ({
    ...message,
    action: message.action && how(message.action)
  }));
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

function undone(conversation: IConversation, event: RunUndone): IConversation {
  const { left, run, time } = event;
  const messages = conversation.messages.map(message =>
    message.run === run && message.ending
      ? { ...message, ending: { ...message.ending, canUndo: false } }
      : message
  );
  const sender = 'notice';
  messages.push({
    id: `${run}.undone`,
    run,
    sender,
    body: '',
    time,
    undone: { left }
  });
  return { ...conversation, messages };
}

function ended(conversation: IConversation, event: RunEnded): IConversation {
  const { run } = event;
  const messages = conversation.messages.map((message): IMessage => {
    const { action, streaming } = message;
    const isLeft = action && isOpen(action);
    return message.run === run && (streaming || isLeft)
      ? {
          ...message,
          streaming: false,
          action: isLeft ? { ...action, state: 'stopped' } : action
        }
      : message;
  });
  const { time, turn, answer, ending, message, turns, usage, seconds } = event;
  const last = messages[messages.length - 1];
  if (answer && (last?.sender !== 'agent' || !last.body)) {
    const id = `${run}.${turn}.answer`;
    messages.push({ id, run, sender: 'agent', body: answer, time });
  }
  const ofRun = messages.filter(message => message.run === run);
  const figures = ofRun.flatMap(({ figures }) => figures ?? []);
  const canUndo = ofRun.some(({ action }) => action?.cellId);
  messages.push({
    id: `${run}.end`,
    run,
    sender: 'notice',
    body: '',
    time,
    ending: { ending, message, turns, usage, seconds, figures, canUndo }
  });
  return { ...conversation, messages, running: false };
}
