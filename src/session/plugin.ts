import {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { IConnection, INotebooks, ISettings } from '../tokens';
import { ISessions, Sessions } from './sessions';

export const sessionPlugin: JupyterFrontEndPlugin<ISessions> = {
  id: 'jupyter-codeact:session',
  description: 'What is known of the notebooks on this page.',
  autoStart: true,
  requires: [IConnection, INotebooks],
  optional: [ISettings, ITranslator],
  provides: ISessions,
  activate: (
    _app: JupyterFrontEnd,
    connection: IConnection,
    notebooks: INotebooks,
    settings: ISettings | null,
    translator: ITranslator | null
  ) => {
    const trans = (translator ?? nullTranslator).load('jupyter_codeact');
    return new Sessions({ connection, notebooks, settings, trans });
  }
};
