import { Decided, Executed, History, RunEnded } from '../../protocol';
import { Event } from '../conversation';

const USAGE = {
  prompt_tokens: 100,
  cached_tokens: 90,
  completion_tokens: 20,
  estimated: false
};

/** An event of run `r` in conversation `c`, with what a test does not care for filled in. */
export function event<T extends Event['type']>(
  type: T,
  turn: number,
  rest: Partial<Extract<Event, { type: T }>> = {}
): Event {
  const filling = {
    run_started: {
      task: 'Do it.',
      notebook: 'a.ipynb',
      model: 'm',
      system: '',
      attachments: [],
      replaces: null
    },
    reply_delta: { text: '', restart: false },
    reply: {
      text: '',
      usage: USAGE,
      seconds: 1,
      first_token_seconds: null,
      finish_reason: 'stop'
    },
    action: { source: '', cell_type: 'code' },
    decided: {
      cell_id: 'x',
      source: '',
      sha256: '',
      allowed: true,
      reasons: []
    },
    cell_written: { cell_id: 'x', rewritten: false, before: null },
    asked: { cell_id: 'x', source: '', sha256: '', reasons: [] },
    doubted: { message: '' },
    condensed: { room: 0 },
    run_undone: { left: [] },
    executed: {
      cell_id: 'x',
      status: 'ok',
      outputs: [],
      execution_count: 1,
      seconds: 2
    },
    observation: { text: '', images: [] },
    run_ended: {
      ending: 'answered',
      answer: '',
      message: '',
      turns: turn,
      usage: USAGE,
      seconds: 3
    }
  }[type];
  const base = { conversation: 'c', run: 'r', time: 1000 + turn };
  return { ...base, type, turn, ...filling, ...rest } as Event;
}

/** The events of a turn that runs a cell. */
export function turnWith(
  turn: number,
  source: string,
  executed: Partial<Executed> = {},
  decided: Partial<Decided> = {}
): Event[] {
  const text = `Words.\n\n\`\`\`python\n${source}\n\`\`\``;
  return [
    event('reply_delta', turn, { text: text.slice(0, 12) }),
    event('reply_delta', turn, { text: text.slice(12) }),
    event('reply', turn, { text }),
    event('action', turn, { source }),
    event('cell_written', turn, {
      cell_id: executed.cell_id ?? 'x',
      rewritten: turn > 1
    }),
    event('decided', turn, { source, ...decided }),
    event('executed', turn, executed)
  ];
}

export function history(events: Event[], rest: Partial<History> = {}): History {
  return {
    type: 'history',
    notebook: 'a.ipynb',
    conversation: 'c',
    events,
    running: false,
    mode: 'auto',
    ...rest
  };
}

export function ended(turn: number, rest: Partial<RunEnded> = {}): Event {
  return event('run_ended', turn, rest);
}
