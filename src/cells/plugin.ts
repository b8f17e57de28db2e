import {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ICommandPalette, IToolbarWidgetRegistry } from '@jupyterlab/apputils';
import { Cell } from '@jupyterlab/cells';
import { IEditorLanguageRegistry } from '@jupyterlab/codemirror';
import { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { Reviews } from '../session/reviews';
import { ISessions } from '../session/sessions';
import { CommandIDs, IChat, INotebooks, ISettings } from '../tokens';
import { CellActions } from './actions';
import { ApprovalButton } from './approval-button';
import { CellPrompt } from './cell-prompt';
import { addCommands } from './commands';
import { PromptKind } from './components/prompt-box';
import { NotebookMarks } from './notebook-marks';
import { NoticeBar } from './notice-bar';
import { OutputTools } from './output-tools';
import { ReviewBar } from './review-bar';
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
    ISettings,
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
    settings: ISettings | null,
    toolbars: IToolbarWidgetRegistry | null,
    translator: ITranslator | null
  ) => {
    const { commands } = app;
    const trans = (translator ?? nullTranslator).load('jupyter_codeact');
    const review = new Reviews({ notebooks, sessions });
    const options: CellActions.IOptions = {
      review,
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
    let box: CellPrompt | null = null;
    const prompt = (panel: NotebookPanel, cell: Cell, kind?: PromptKind) => {
      box?.dispose();
      const { open } = options;
      box = new CellPrompt({
        ...{ cell, kind, notebooks, open, panel, sessions, settings, trans }
      });
      box.focusText();
    };

    const add = (panel: NotebookPanel) => {
      // The schema's shortcuts and the style sheet look for it.
      const set = () =>
        panel.toggleClass(
          'jp-mod-codeActAtCells',
          settings?.cellPrompt ?? true
        );
      settings?.changed.connect(set, panel);
      set();
      new NotebookMarks({ actions, panel, sessions, trans });
      new OutputTools({
        actions: cell => actions(panel, cell),
        change: cell => prompt(panel, cell, 'change'),
        panel,
        trans
      });
      panel.contentHeader.addWidget(
        new NoticeBar({ notebooks, panel, sessions, trans })
      );
      panel.contentHeader.addWidget(
        new ReviewBar({ panel, review, sessions, trans })
      );
    };
    tracker.forEach(add);
    tracker.widgetAdded.connect((_, panel) => add(panel));
    addCommands({
      actions: args => {
        const panel = tracker.currentWidget;
        const cell = args.clicked
          ? clickedCell(app, panel)
          : tracker.activeCell;
        return panel && cell && actions(panel, cell);
      },
      commands,
      palette,
      prompt: () => {
        const { activeCell, currentWidget } = tracker;
        if (activeCell && currentWidget) {
          prompt(currentWidget, activeCell);
        }
      },
      review,
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

/** The cell at which the context menu was opened, which need not be the active one. */
function clickedCell(
  app: JupyterFrontEnd,
  panel: NotebookPanel | null
): Cell | null {
  const node = app.contextMenuHitTest(each =>
    each.classList.contains('jp-Cell')
  );
  return panel?.content.widgets.find(cell => cell.node === node) ?? null;
}
