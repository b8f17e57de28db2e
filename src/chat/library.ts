import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';

import { TranslationBundle } from '@jupyterlab/translation';

import { ConversationInfo } from '../protocol';
import { ISessions } from '../session/sessions';
import { saveAs } from './save-as';
import { IWorkspace } from './workspace';

/** A conversation about any notebook of the server. */
export interface IFoundConversation extends ConversationInfo {
  /** The notebook's path. */
  notebook: string;
  /** What stands around a word that was looked for, where the title does not show it. */
  excerpt: string;
}

/** The conversations about all notebooks of the server. */
export class Library {
  constructor(private _options: Library.IOptions) {}

  /** The conversations with all words of a query, else the latest ones. */
  async search(
    query: string,
    signal: AbortSignal
  ): Promise<IFoundConversation[]> {
    const answer = await this._get('', { q: query }, signal);
    return answer.conversations as IFoundConversation[];
  }

  /** Save a conversation as a file. */
  async export(conversation: string): Promise<void> {
    const { name, text } = await this._get(conversation);
    saveAs(name as string, text as string);
  }

  /** Open a conversation's notebook, and the conversation in it; rejects with a sentence for the user. */
  async open({ id, notebook }: IFoundConversation): Promise<void> {
    const { sessions, trans, workspace } = this._options;
    if (!(await workspace.open(notebook).catch(() => false))) {
      throw new Error(trans.__('%1 cannot be opened.', notebook));
    }
    const session = sessions.get(notebook);
    if (session.state.approval === null) {
      // The server does not know yet that it is open here.
      await new Promise<void>(resolve => {
        const onChanged = () => {
          if (session.state.approval !== null) {
            sessions.changed.disconnect(onChanged);
            resolve();
          }
        };
        sessions.changed.connect(onChanged);
      });
    }
    if (session.state.conversation.id !== id) {
      sessions.actions(notebook, 'chat').openConversation(id);
    }
  }

  private async _get(
    path: string,
    query: { [name: string]: string } = {},
    signal?: AbortSignal
  ): Promise<Record<string, unknown>> {
    const { serverSettings } = this._options;
    const url = URLExt.join(
      serverSettings.baseUrl,
      'codeact/conversations',
      path
    );
    const response = await ServerConnection.makeRequest(
      url + URLExt.objectToQueryString(query),
      { signal },
      serverSettings
    );
    if (!response.ok) {
      throw await ServerConnection.ResponseError.create(response);
    }
    return await response.json();
  }
}

export namespace Library {
  export interface IOptions {
    serverSettings: ServerConnection.ISettings;
    sessions: ISessions;
    trans: TranslationBundle;
    workspace: Pick<IWorkspace, 'open'>;
  }
}
