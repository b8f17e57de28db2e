import {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { PathExt } from '@jupyterlab/coreutils';
import { INotebookTracker } from '@jupyterlab/notebook';
import { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { withoutRemote } from '../remote';
import { ISessions } from '../session/sessions';
import { IConnection, ISettings } from '../tokens';
import { Offers } from './offers';
import { RunRenderer } from './renderer';
import { MIME_TYPE } from './run-data';
import { RunOutputs } from './run-outputs';
import { sendWithEnter } from './widget-keys';

export const magicPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-codeact:magic',
  description: 'Takes up the tasks that `%codeact` hands over to the page.',
  autoStart: true,
  requires: [IConnection, ISessions, INotebookTracker, IRenderMimeRegistry],
  optional: [ISettings, ITranslator],
  activate: (
    _app: JupyterFrontEnd,
    connection: IConnection,
    sessions: ISessions,
    tracker: INotebookTracker,
    rendermime: IRenderMimeRegistry,
    settings: ISettings | null,
    translator: ITranslator | null
  ) => {
    const trans = (translator ?? nullTranslator).load('jupyter_codeact');
    // Only once something is drawn: until then other plugins may add to it.
    let local: IRenderMimeRegistry | null = null;
    const outputs = new RunOutputs({ sessions, tracker, trans });
    sendWithEnter(settings);
    new Offers({ connection, outputs, sessions, tracker });
    rendermime.addFactory(
      {
        safe: true,
        mimeTypes: [MIME_TYPE],
        createRenderer: () =>
          new RunRenderer({
            folder: () =>
              PathExt.dirname(tracker.currentWidget?.context.localPath ?? ''),
            isLive: run => sessions.withRun(run) !== null,
            rendermime: (local ??= withoutRemote(rendermime, trans)),
            stop: run => {
              const session = sessions.withRun(run);
              if (session) {
                sessions.actions(session.path, 'notebook').stop();
              }
            },
            trans
          })
      },
      0
    );
  }
};
