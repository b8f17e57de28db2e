import { Notification } from '@jupyterlab/apputils';
import { PathExt } from '@jupyterlab/coreutils';
import { TranslationBundle } from '@jupyterlab/translation';

import { waitingCell } from '../session/selectors';
import { ISessions } from '../session/sessions';
import { INotebooks, ISettings } from '../tokens';
import { Activities, agentOf, IChange } from './activity';

/** Milliseconds that the news of a run's end stays. */
const STAYS = 10_000;
const LONGEST = 140;

/** Notifies the user of runs in notebooks that they are not looking at: of those that wait, and that end. */
export class Notices {
  constructor(private _options: Notices.IOptions) {
    _options.activities.changed.connect(this._onChange, this);
    _options.notebooks.changed.connect(this._onFront, this);
  }

  private _onChange(_: Activities, { path, before, now }: IChange): void {
    this._dismiss(path);
    if (this._isSeen(path) || this._options.settings?.notifications === false) {
      return;
    }
    if (now === 'waiting') {
      this._waiting.set(path, this._notify('warning', path, this._why(path)));
    } else if (before && !now) {
      this._tellEnd(path);
    }
  }

  /** Tell how the last run in a notebook ended; a user who stopped it knows. */
  private _tellEnd(path: string): void {
    const { sessions, trans } = this._options;
    const { conversation } = sessions.get(path).state;
    const [last] = conversation.messages.slice(-1);
    if (!last?.ending || last.ending.ending === 'stopped') {
      return;
    }
    const isAnswered = last.ending.ending === 'answered';
    const answers = conversation.messages.filter(
      ({ run, sender }) => run === last.run && sender === 'agent'
    );
    const answer = answers[answers.length - 1]?.body ?? '';
    const done = last.agent ? trans.__('%1 is done here.', last.agent) : answer;
    const text = isAnswered ? done : last.ending.message;
    const stays = document.hidden ? false : STAYS;
    this._notify(isAnswered ? 'success' : 'error', path, brief(text), stays);
  }

  private _why(path: string): string {
    const { sessions, trans } = this._options;
    const { state } = sessions.get(path);
    return waitingCell(state)
      ? trans.__('%1 waits for you to decide about a cell.', agentOf(state))
      : trans.__('CodeAct has a question for you.');
  }

  private _notify(
    type: 'success' | 'warning' | 'error',
    path: string,
    text: string,
    autoClose: number | false = false
  ): string {
    const { show, trans } = this._options;
    return Notification.emit(`${PathExt.basename(path)}: ${text}`, type, {
      autoClose,
      actions: [{ label: trans.__('Show'), callback: () => show(path) }]
    });
  }

  private _isSeen(path: string): boolean {
    return !document.hidden && this._options.notebooks.current?.path === path;
  }

  private _onFront({ current }: INotebooks): void {
    if (current) {
      this._dismiss(current.path);
    }
  }

  private _dismiss(path: string): void {
    const id = this._waiting.get(path);
    if (id !== undefined) {
      this._waiting.delete(path);
      Notification.dismiss(id);
    }
  }

  /** The notifications of notebooks that wait, by path. */
  private _waiting = new Map<string, string>();
}

export namespace Notices {
  export interface IOptions {
    activities: Activities;
    notebooks: INotebooks;
    sessions: ISessions;
    settings: Pick<ISettings, 'notifications'> | null;
    /** Bring a notebook in front, with the panel. */
    show: (path: string) => void;
    trans: TranslationBundle;
  }
}

/** The first line of a text, not too long and without marks of Markdown. */
function brief(text: string): string {
  const line = text.trim().split('\n', 1)[0].replace(/[*`#]/g, '').trim();
  return line.length > LONGEST ? `${line.slice(0, LONGEST - 1)}…` : line;
}
