import { Approval } from '../approval';
import { ModelSettings } from '../protocol';
import { Request } from '../requests';
import { isRunning, waitingCell, waitingQuestion } from './selectors';
import { NotebookSession } from './session';
import { IHandoff, ITask, Place, refused } from './state';

/** A request about a notebook that is not named yet. */
type NotebookRequest<T> = T extends { notebook: string }
  ? Omit<T, 'notebook'>
  : never;

/** How a task is to be run. */
export interface IRunOptions {
  /** The cell to work below, or in if it is empty; by default the session's place. */
  readonly below?: string | null;
  /** The cell that the task is about, and that it rewrites. */
  readonly target?: string | null;
  /** The id of the handoff, if the task comes from `%codeact`. */
  readonly handoff?: string;
  /** The cell whose `%codeact` that is. */
  readonly askedIn?: string;
  readonly model?: string | null;
  readonly approval?: Approval | null;
  readonly maxTurns?: number | null;
  readonly settings?: ModelSettings | null;
}

/**
 * What the user does in a notebook, from one part of the page.
 *
 * Methods that send a request return whether it went out. If it did not, or if it is refused, the reason is shown at
 * that part of the page, and nowhere else.
 */
export class SessionActions {
  constructor(
    private _session: NotebookSession,
    private _place: Place
  ) {}

  ask(task: ITask, options: IRunOptions = {}): boolean {
    const { approval, handoff, maxTurns, model, settings } = options;
    const { options: given, place, state } = this._session;
    const wishes = given.settings;
    const again = state.conversation.runs.find(
      ({ id }) => id === task.replaces
    );
    const request: NotebookRequest<Request> = {
      type: 'ask',
      asked_in: options.askedIn ?? null,
      task: task.task,
      attachments: [...task.attachments],
      replaces: task.replaces,
      model: model ?? null,
      approval: approval ?? null,
      below: options.below ?? again?.place ?? place.cellId,
      target: options.target ?? again?.target ?? null,
      max_turns: maxTurns ?? null,
      settings: settings ?? null,
      guidance: wishes?.guidance || null,
      instructions: wishes?.instructions ?? ''
    };
    if (handoff !== undefined) {
      return this._handOff({ id: handoff, task: task.task }, request);
    }
    const isSent = this._request(request, () =>
      this._session.returnTask(this._place)
    );
    if (isSent) {
      this._session.set({ pending: task });
      this.dismissNotice();
    }
    return isSent;
  }

  /** Let the run of another agent end after the call under way: a task of the user's waits. */
  makeWay(): void {
    this._request({ type: 'make_way' });
  }

  /** Stop the run. */
  stop(): boolean {
    const isSent = this._request({ type: 'stop' }, () =>
      this._session.set({ stopping: false })
    );
    if (isSent && isRunning(this._session.state)) {
      this._session.set({ stopping: true });
    }
    return isSent;
  }

  /**
   * Decide whether the cell that waits may run, as it is now, and whether all later cells of the run may.
   *
   * With a cell that is skipped, the model gets a comment.
   */
  resolveApproval(approved: boolean, rest = false, comment = ''): void {
    const waiting = waitingCell(this._session.state);
    if (!waiting || waiting.isResolving) {
      return;
    }
    const { cellId, run, sha256 } = waiting;
    const { path } = this._session;
    const { notebooks, trans } = this._session.options;
    // The user may have edited a cell that waits; a call is approved as it is, or not at all.
    const source = waiting.isCall
      ? waiting.source
      : notebooks.source(path, cellId);
    if (approved && source === null) {
      const text = trans.__('This cell is no longer in the notebook.');
      this._session.notify(this._place, 'note', text);
      return;
    }
    const isSent = this._request(
      {
        type: 'resolve_approval',
        run,
        sha256,
        approved,
        source: source ?? waiting.source,
        rest,
        comment
      },
      () => this._session.set({ resolving: null })
    );
    if (isSent) {
      this._session.set({ resolving: sha256 });
    }
  }

  /** Let the MCP servers that a file beside the notebook names be used, as the user has seen them. */
  confirmServers(digest: string): boolean {
    return this._request({ type: 'confirm_servers', digest });
  }

  /** Hide the servers that a file beside the notebook names, until the page is opened again. */
  hideServers(digest: string): void {
    this._session.set({ hiddenServers: digest });
  }

  /** Answer the model's question; `null` lets it decide. */
  answerQuestion(answer: string | null): boolean {
    const waiting = waitingQuestion(this._session.state);
    return (
      waiting !== null &&
      this._request({ type: 'answer_question', run: waiting.run, answer })
    );
  }

  /** Choose which cells wait for approval. */
  setApproval(approval: Approval): boolean {
    return this._request({ type: 'set_approval', approval });
  }

  /** Let the cells of the next task go below a cell, or into it if it is empty. */
  choosePlace(cellId: string): void {
    const { runs } = this._session.state.conversation;
    this._session.set({
      moved: { cellId, runs: runs.length, isExact: true }
    });
  }

  /** Undo a run, the last one that changed a cell if none is named; or only some cells of it. */
  undo(
    run: string | null = null,
    cells: readonly string[] | null = null
  ): boolean {
    return this._request({ type: 'undo', run, cells: cells && [...cells] });
  }

  /** Bring back what was undone of a run, or of some cells of it. */
  redo(run: string, cells: readonly string[] | null = null): boolean {
    return this._request({ type: 'redo', run, cells: cells && [...cells] });
  }

  /** Keep what a run changed, or some cells of it: they are no longer pointed at. */
  keep(run: string, cells: readonly string[] | null = null): boolean {
    const isSent = this._request({
      type: 'keep',
      run,
      cells: cells && [...cells]
    });
    if (isSent && cells === null) {
      this.review(null);
    }
    return isSent;
  }

  /** Go through the changes of a run, cell by cell; `null` ends that. */
  review(run: string | null): void {
    this._session.set({ reviewing: run });
  }

  /** Undo a run that is about to be asked again; resolves once that is done, or will not be. */
  takeBack(run: string): Promise<void> {
    const { changed, options } = this._session;
    return new Promise(resolve => {
      const settle = () => {
        changed.disconnect(check);
        options.connection.stateChanged.disconnect(settle);
        resolve();
      };
      const check = () => {
        const { runs } = this._session.state.conversation;
        if (runs.find(({ id }) => id === run)?.undone !== false) {
          settle();
        }
      };
      changed.connect(check);
      options.connection.stateChanged.connect(settle);
      if (!this._send({ type: 'undo', run, cells: null }, settle)) {
        settle();
      }
    });
  }

  /** Check that the notebook reproduces in a fresh kernel. */
  check(): boolean {
    return this._request({ type: 'check' });
  }

  stopCheck(): boolean {
    return this._request({ type: 'stop_check' });
  }

  /** Hide the results of a check. */
  clearCheck(): void {
    const { check } = this._session.state;
    if (check) {
      const hidden = [...check.hidden, this._place];
      this._session.set({ check: { ...check, hidden } });
    }
  }

  /** Forget the result of a check for a cell, which has been edited. */
  forgetCheckOf(cellId: string): void {
    const { check } = this._session.state;
    if (check && !check.edited.includes(cellId)) {
      const edited = [...check.edited, cellId];
      this._session.set({ check: { ...check, edited } });
    }
  }

  /** Start a new conversation. */
  newConversation(): boolean {
    return this._begin({ type: 'new_conversation' });
  }

  /** Go on with an earlier conversation. */
  openConversation(conversation: string): boolean {
    return this._begin({ type: 'open_conversation', conversation });
  }

  listConversations(): boolean {
    return this._request({ type: 'list_conversations' });
  }

  /** Ask what there is in the kernel; without an answer, what is known of it stays. */
  listVariables(): boolean {
    return this._send({ type: 'list_variables' }, () => undefined);
  }

  /** Ask what the project tells the model; without an answer, what is known of it stays. */
  listInstructions(): boolean {
    return this._send({ type: 'list_instructions' }, () => undefined);
  }

  /** Ask for a conversation as a file. */
  exportConversation(conversation: string): boolean {
    return this._request({ type: 'export_conversation', conversation });
  }

  renameConversation(conversation: string, title: string): boolean {
    return this._request({ type: 'rename_conversation', conversation, title });
  }

  deleteConversation(conversation: string): boolean {
    return this._request({ type: 'delete_conversation', conversation });
  }

  dismissNotice(): void {
    const { notices } = this._session.state;
    if (notices[this._place]) {
      this._session.set({ notices: { ...notices, [this._place]: null } });
    }
  }

  /** Ask a task that `%codeact` handed over; a refusal is shown in that cell. */
  private _handOff(
    { id, task }: Pick<IHandoff, 'id' | 'task'>,
    request: NotebookRequest<Request>
  ): boolean {
    const { handoffs } = this._session.state;
    const handoff = { id, task, run: null, refusal: null };
    this._session.set({ handoffs: [...handoffs, handoff] });
    const refuse = (message: string) => {
      const { handoffs } = this._session.state;
      const fits = (each: IHandoff) => each.id === id;
      this._session.set({ handoffs: refused(handoffs, message, fits) });
    };
    const isSent = this._send(request, refuse);
    if (!isSent) {
      refuse(this._unreachable);
    }
    return isSent;
  }

  private _begin(request: NotebookRequest<Request>): boolean {
    const isSent = this._request(request);
    if (isSent) {
      this.dismissNotice();
    }
    return isSent;
  }

  private _request(
    request: NotebookRequest<Request>,
    onRefused?: () => void
  ): boolean {
    const isSent = this._send(request, message => {
      onRefused?.();
      this._session.notify(this._place, 'alert', message);
    });
    if (!isSent) {
      this._session.notify(this._place, 'alert', this._unreachable);
    }
    return isSent;
  }

  private _send(
    request: NotebookRequest<Request>,
    onRefused: (message: string) => void
  ): boolean {
    const { connection } = this._session.options;
    const { path: notebook } = this._session;
    return connection.request({ ...request, notebook } as Request, onRefused);
  }

  private get _unreachable(): string {
    return this._session.options.trans.__(
      'The CodeAct server cannot be reached. Try again in a moment.'
    );
  }
}
