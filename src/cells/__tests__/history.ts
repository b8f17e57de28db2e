import { History } from '../../protocol';

/** The history of a conversation that nobody works on, unless said otherwise. */
export function history(
  events: History['events'],
  fields: Partial<History> = {}
): History {
  return {
    type: 'history',
    notebook: 'a.ipynb',
    conversation: 'c',
    events,
    running: false,
    mode: 'auto',
    ...fields
  };
}
