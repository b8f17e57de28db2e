import { Notification } from '@jupyterlab/apputils';
import { PathExt } from '@jupyterlab/coreutils';
import { TranslationBundle } from '@jupyterlab/translation';

import {
  lastMessage,
  waitingCell,
  waitingQuestion
} from '../session/selectors';
import { NotebookSession } from '../session/session';
import { ISessions } from '../session/sessions';
import { ISessionState } from '../session/state';
import { INotebooks, ISettings } from '../tokens';

/** What happened in a notebook that its user should know of. */
type News = 'waits' | 'answered' | 'failed' | null;

/** Notifies the user of runs in other notebooks than the one in front: when they wait for them, and when they end. */
export class Notifier {
  constructor(private _options: Notifier.IOptions) {
    const { notebooks, sessions } = _options;
    sessions.changed.connect((_, session) => this._onSession(session), this);
    notebooks.changed.connect(this._onFront, this);
  }

  private _onSession(session: NotebookSession): void {
    const { running } = session.state.conversation;
    const wasRunning = this._running.has(session);
    const before = this._news.get(session) ?? null;
    const news = wasRunning || running ? newsOf(session.state) : null;
    if (running && !wasRunning) {
      this._dismiss(session.path); // the last run's end is old news
    }
    if (running) {
      this._running.add(session);
    } else {
      this._running.delete(session);
    }
    this._news.set(session, running ? news : null);
    if (before !== news) {
      this._dismiss(session.path);
      if (news) {
        this._show(session.path, news);
      }
    }
  }

  private _show(path: string, news: NonNullable<News>): void {
    const { notebooks, settings, show, trans } = this._options;
    if (notebooks.current?.path === path || settings?.notifications === false) {
      return;
    }
    const name = PathExt.basename(path);
    const actions = [{ label: trans.__('Show'), callback: () => show(path) }];
    const id =
      news === 'waits'
        ? Notification.warning(trans.__('CodeAct waits for you in %1.', name), {
            actions,
            autoClose: false
          })
        : news === 'answered'
          ? Notification.success(trans.__('CodeAct is done in %1.', name), {
              actions
            })
          : Notification.warning(
              trans.__('CodeAct has stopped in %1 without an answer.', name),
              { actions }
            );
    this._shown.set(path, id);
  }

  private _onFront(): void {
    const path = this._options.notebooks.current?.path;
    if (path !== undefined) {
      this._dismiss(path); // the user is there
    }
  }

  private _dismiss(path: string): void {
    const id = this._shown.get(path);
    if (id !== undefined) {
      this._shown.delete(path);
      Notification.dismiss(id);
    }
  }

  private _news = new WeakMap<NotebookSession, News>();
  private _running = new WeakSet<NotebookSession>();
  private _shown = new Map<string, string>();
}

export namespace Notifier {
  export interface IOptions {
    notebooks: INotebooks;
    sessions: ISessions;
    settings: Pick<ISettings, 'notifications'> | null;
    /** Bring a notebook in front. */
    show: (path: string) => void;
    trans: TranslationBundle;
  }
}

function newsOf(state: ISessionState): News {
  if (waitingCell(state) || waitingQuestion(state)) {
    return 'waits';
  }
  const ending = lastMessage(state)?.ending?.ending;
  if (state.conversation.running || !ending || ending === 'stopped') {
    return null;
  }
  return ending === 'answered' ? 'answered' : 'failed';
}
