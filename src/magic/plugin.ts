import {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { INotebookTracker } from '@jupyterlab/notebook';
import { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { IConnection } from '../tokens';
import { Offers } from './offers';
import { RunRenderer } from './renderer';
import { MIME_TYPE } from './run-data';
import { RunOutputs } from './run-outputs';

export const magicPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-codeact:magic',
  description: 'Takes up what `%codeact` hands over to the page.',
  autoStart: true,
  requires: [IConnection, INotebookTracker, IRenderMimeRegistry],
  optional: [ITranslator],
  activate: (
    _app: JupyterFrontEnd,
    connection: IConnection,
    tracker: INotebookTracker,
    rendermime: IRenderMimeRegistry,
    translator: ITranslator | null
  ) => {
    const trans = (translator ?? nullTranslator).load('jupyter_codeact');
    const outputs = new RunOutputs({ connection, tracker, trans });
    new Offers({ connection, outputs, tracker });
    rendermime.addFactory(
      {
        safe: true,
        mimeTypes: [MIME_TYPE],
        createRenderer: () =>
          new RunRenderer({
            isLive: run => outputs.placeOf(run) !== null,
            rendermime,
            stop: run => {
              const notebook = outputs.placeOf(run);
              if (notebook !== null) {
                connection.send({ type: 'stop', notebook });
              }
            },
            trans
          })
      },
      0
    );
  }
};
