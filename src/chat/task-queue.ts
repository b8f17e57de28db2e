import { IRunOptions } from '../session/actions';
import { isRunning, lastMessage } from '../session/selectors';
import { NotebookSession } from '../session/session';
import { ISessions } from '../session/sessions';
import { ITask } from '../session/state';
import { Drafts } from './drafts';

/** A task that waits for the end of the run under way, and how it is to be run. */
export interface IQueuedTask extends ITask {
  readonly options?: IRunOptions;
}

/**
 * The tasks that wait in each notebook for the end of its run.
 *
 * They are begun in order, each once the run before it has answered. After a run that was stopped or that failed they
 * wait for the user: what comes next may make no sense any more.
 */
export class TaskQueue {
  constructor(
    private _drafts: Drafts,
    private _sessions: ISessions
  ) {
    _sessions.changed.connect((_, session) => this._onSession(session), this);
  }

  add(path: string, task: IQueuedTask): void {
    this._drafts.set(path, { queue: [...this._tasks(path), task] });
  }

  remove(path: string, task: IQueuedTask): void {
    const queue = this._tasks(path).filter(each => each !== task);
    this._drafts.set(path, { queue });
  }

  /** Whether tasks wait though no run is under way. */
  isHeld(path: string): boolean {
    const { state } = this._sessions.get(path);
    return this._tasks(path).length > 0 && !isRunning(state);
  }

  /** Begin the first task, if there is one. */
  begin(path: string): void {
    const [first] = this._tasks(path);
    if (first) {
      const { options, ...task } = first;
      if (this._sessions.actions(path, 'chat').ask(task, options)) {
        this.remove(path, first);
      }
    }
  }

  private _onSession(session: NotebookSession): void {
    const { running } = session.state.conversation;
    const wasRunning = this._running.has(session);
    if (running) {
      this._running.add(session);
    } else if (wasRunning) {
      this._running.delete(session);
      if (lastMessage(session.state)?.ending?.ending === 'answered') {
        this.begin(session.path);
      }
    }
  }

  private _tasks(path: string): readonly IQueuedTask[] {
    return this._drafts.get(path).queue;
  }

  private _running = new WeakSet<NotebookSession>();
}
