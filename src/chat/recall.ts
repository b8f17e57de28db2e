import { IMessage } from '../session/messages';

/** Goes back through the tasks of a conversation, as a shell does through its commands. */
export class Recall {
  /** Whether a text is the task that was recalled last, unchanged. */
  shows(text: string): boolean {
    return this._shown !== null && this._shown === text;
  }

  /**
   * The task before (-1) or after (1) the one that is shown; empty after the last.
   *
   * `null` if there is none, or if the text is the user's own.
   */
  step(by: -1 | 1, text: string, messages: readonly IMessage[]): string | null {
    const tasks = messages
      .filter(({ sender }) => sender === 'user')
      .map(({ body }) => body)
      .filter((body, index, all) => body !== all[index - 1]);
    if (!this.shows(text)) {
      if (text || by > 0) {
        return null;
      }
      this._index = tasks.length;
    }
    const index = this._index + by;
    if (index < 0 || index > tasks.length) {
      return null;
    }
    this._index = index;
    this._shown = tasks[index] ?? null;
    return this._shown ?? '';
  }

  private _index = 0;
  private _shown: string | null = null;
}
