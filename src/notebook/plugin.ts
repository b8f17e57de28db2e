import {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import {
  INotebookCellExecutor,
  INotebookTracker,
  runCell
} from '@jupyterlab/notebook';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { IConnection, INotebooks, ISettings } from '../tokens';
import { NotebookCommands } from './commands';
import { OpenNotebooks } from './open-notebooks';

export const notebookPlugin: JupyterFrontEndPlugin<INotebooks> = {
  id: 'jupyter-codeact:notebook',
  description:
    'Lets CodeAct write and run cells in the notebooks of this page.',
  autoStart: true,
  requires: [IConnection, INotebookTracker],
  optional: [INotebookCellExecutor, ISettings, ITranslator],
  provides: INotebooks,
  activate: (
    app: JupyterFrontEnd,
    connection: IConnection,
    tracker: INotebookTracker,
    executor: INotebookCellExecutor | null,
    settings: ISettings | null,
    translator: ITranslator | null
  ) => {
    const trans = (translator ?? nullTranslator).load('jupyter_codeact');
    const notebooks = new OpenNotebooks({
      connection,
      settings,
      shell: app.shell,
      tracker,
      trans
    });
    new NotebookCommands({
      connection,
      executor: executor ?? { runCell },
      find: path => notebooks.find(path),
      settings: settings ?? { followCell: true },
      trans
    });
    return notebooks;
  }
};
