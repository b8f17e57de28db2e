import {
  ApprovalResolved,
  Executed,
  History,
  ReplyDelta,
  RunEnded
} from '../../protocol';
import { Event } from '../messages';

export const USAGE = {
  prompt_tokens: 100,
  cached_tokens: 90,
  completion_tokens: 20,
  reasoning_tokens: null,
  estimated: false
};

/** An event of run `r` in conversation `c`, with what a test does not care about filled in. */
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
      replaces: null,
      target: null
    },
    model_described: {
      name: 'm',
      guidance: 'small',
      system: '',
      context_window: null
    },
    servers_connected: { servers: [] },
    plan_changed: { steps: [] },
    question_asked: { question: '', options: [] },
    question_answered: { answer: null },
    reply_delta: {
      thinking: '',
      prose: '',
      action: '',
      restart: false,
      thinking_tokens: null,
      prompt_tokens: null
    },
    reply: {
      text: '',
      thinking: '',
      prose: '',
      usage: USAGE,
      seconds: 1,
      first_token_seconds: null,
      thinking_seconds: null,
      thinking_tokens: null,
      thinking_unopened: false,
      finish_reason: 'stop'
    },
    action: { source: '', cell_type: 'code', is_call: false },
    approval_requested: {
      cell_id: 'x',
      sha256: '',
      reasons: [],
      is_call: false
    },
    approval_resolved: {
      cell_id: 'x',
      sha256: '',
      allowed: true,
      reasons: [],
      edited: null
    },
    cell_written: {
      cell_id: 'x',
      rewritten: false,
      before: null,
      after: null
    },
    cell_deleted: {
      cell_id: 'x',
      name: 'cell [1]',
      before: { id: 'x', cell_type: 'code', source: 'x' },
      was: { above: null, below: null }
    },
    cell_moved: {
      cell_id: 'x',
      name: 'cell [1]',
      was: { above: null, below: 'y' },
      now: { above: 'y', below: null }
    },
    notebook_read: { message: 'Read cell [1].' },
    executed: {
      cell_id: 'x',
      status: 'ok',
      outputs: [],
      execution_count: 1,
      seconds: 2
    },
    observation: { text: '', images: [] },
    hooks_applied: { hook: 'nudge' },
    answer_rejected: { message: '' },
    history_compacted: { room: 0 },
    run_undone: { cells: null, left: [], taken: [] },
    run_redone: { cells: null, left: [] },
    run_kept: { cells: null },
    run_ended: {
      ending: 'answered',
      answer: '',
      message: '',
      turns: turn,
      usage: USAGE,
      seconds: 3,
      cost: null,
      claims: []
    }
  }[type];
  const base = { conversation: 'c', run: 'r', time: 1000 + turn };
  return { ...base, type, turn, ...filling, ...rest } as Event;
}

/** A piece of a reply. */
export function delta(turn: number, piece: Partial<ReplyDelta>): Event {
  return event('reply_delta', turn, piece);
}

/** The events of a turn that runs a cell. */
export function turnWith(
  turn: number,
  source: string,
  executed: Partial<Executed> = {},
  resolved: Partial<ApprovalResolved> = {}
): Event[] {
  const text = `Prose.\n\n\`\`\`python\n${source}\n\`\`\``;
  return [
    delta(turn, { prose: 'Pro' }),
    delta(turn, { prose: 'se.', action: source }),
    event('reply', turn, { text, prose: 'Prose.' }),
    event('action', turn, { source }),
    event('cell_written', turn, {
      cell_id: executed.cell_id ?? 'x',
      rewritten: turn > 1
    }),
    event('approval_resolved', turn, resolved),
    event('executed', turn, executed)
  ];
}

/** The events of a run up to the question whether a cell may run. */
export function waiting(
  source: string,
  requested: Partial<Extract<Event, { type: 'approval_requested' }>> = {}
): Event[] {
  const cell_id = requested.cell_id ?? 'x';
  return [
    event('run_started', 0),
    event('action', 1, { source }),
    event('cell_written', 1, { cell_id }),
    event('approval_requested', 1, { sha256: 'digest', ...requested })
  ];
}

export function history(events: Event[], rest: Partial<History> = {}): History {
  return {
    type: 'history',
    notebook: 'a.ipynb',
    conversation: 'c',
    events,
    running: false,
    approval: 'never',
    approval_for_run: false,
    ...rest
  };
}

export function ended(turn: number, rest: Partial<RunEnded> = {}): Event {
  return event('run_ended', turn, rest);
}
