import {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ICommandPalette, IToolbarWidgetRegistry } from '@jupyterlab/apputils';
import { Cell } from '@jupyterlab/cells';
import { IEditorLanguageRegistry } from '@jupyterlab/codemirror';
import { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { ISessions } from '../session/sessions';
import { CommandIDs, IChat, INotebooks } from '../tokens';
import { CellActions } from './actions';
import { ApprovalButton } from './approval-button';
import { addCommands } from './commands';
import { NotebookMarks } from './notebook-marks';
import { NoticeBar } from './notice-bar';
import { showChanges } from './show-changes';

export const cellsPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-codeact:cells',
  description:
    'What CodeAct shows in a notebook: what waits for you, what it wrote, and what it can do about a cell.',
  autoStart: true,
  requires: [ISessions, INotebooks, INotebookTracker],
  optional: [
    IChat,
    ICommandPalette,
    IEditorLanguageRegistry,
    IToolbarWidgetRegistry,
    ITranslator
  ],
  activate: (
    app: JupyterFrontEnd,
    sessions: ISessions,
    notebooks: INotebooks,
    tracker: INotebookTracker,
    chat: IChat | null,
    palette: ICommandPalette | null,
    languages: IEditorLanguageRegistry | null,
    toolbars: IToolbarWidgetRegistry | null,
    translator: ITranslator | null
  ) => {
    const { commands } = app;
    const trans = (translator ?? nullTranslator).load('jupyter_codeact');
    const options: CellActions.IOptions = {
      chat,
      notebooks,
      open: () => {
        if (commands.hasCommand(CommandIDs.open)) {
          void commands.execute(CommandIDs.open);
        }
      },
      sessions,
      showChanges: changes => {
        showChanges(changes, languages, trans).catch(error =>
          console.error('CodeAct could not show what changed:', error)
        );
      },
      trans
    };
    const actions = (panel: NotebookPanel, cell: Cell) =>
      new CellActions(options, panel, cell);

    const add = (panel: NotebookPanel) => {
      new NotebookMarks({ actions, panel, sessions, trans });
      panel.contentHeader.addWidget(
        new NoticeBar({ notebooks, panel, sessions, trans })
      );
    };
    tracker.forEach(add);
    tracker.widgetAdded.connect((_, panel) => add(panel));
    addCommands({
      actions: ({ activeCell, currentWidget }) =>
        activeCell && currentWidget && actions(currentWidget, activeCell),
      commands,
      palette,
      sessions,
      tracker,
      trans
    });
    toolbars?.addFactory<NotebookPanel>(
      'Notebook',
      // The name of the first release, by which users' settings know it.
      'codeact-mode',
      panel => new ApprovalButton({ commands, panel, sessions, trans })
    );
  }
};
