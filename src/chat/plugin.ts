import {
  ILayoutRestorer,
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ICommandPalette, Notification } from '@jupyterlab/apputils';
import { PageConfig } from '@jupyterlab/coreutils';
import { IDefaultFileBrowser } from '@jupyterlab/filebrowser';
import { ILauncher } from '@jupyterlab/launcher';
import { NotebookActions, NotebookPanel } from '@jupyterlab/notebook';
import { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import { IStateDB } from '@jupyterlab/statedb';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import {
  addIcon,
  historyIcon,
  settingsIcon,
  stopIcon
} from '@jupyterlab/ui-components';

import { codeActIcon } from '../icons';
import { ISessions } from '../session/sessions';
import {
  CommandIDs,
  IChat,
  IConnection,
  INotebooks,
  ISettings
} from '../tokens';
import { Attention } from './attention';
import { Files } from './files';
import { Library } from './library';
import { ChatModel } from './model';
import { ChatSidebar } from './sidebar';
import { IWorkspace } from './workspace';

/** Notebooks and files, as JupyterLab or Notebook 7 makes and shows them. */
function workspaceOf(
  app: JupyterFrontEnd,
  browser: IDefaultFileBrowser | null
): IWorkspace {
  const { commands, serviceManager } = app;
  const folder = () =>
    browser ? serviceManager.contents.localPath(browser.model.path) : '';
  return {
    folder,
    newNotebook: async () => {
      await serviceManager.kernelspecs.ready;
      const { specs } = serviceManager.kernelspecs;
      const isPython = (name: string) =>
        specs?.kernelspecs[name]?.language.toLowerCase() === 'python';
      const usual = specs?.default ?? '';
      // Without a kernel's name, JupyterLab would ask for one.
      const kernelName = isPython(usual)
        ? usual
        : Object.keys(specs?.kernelspecs ?? {}).find(isPython);
      const panel: NotebookPanel | undefined = await commands.execute(
        'notebook:create-new',
        { cwd: folder(), kernelName }
      );
      await panel?.context.ready;
      return panel?.context.localPath ?? null;
    },
    open: async path => {
      const opened: NotebookPanel | undefined = await commands.execute(
        'docmanager:open',
        { path }
      );
      await opened?.context.ready;
      return !!opened;
    },
    browse: () => void commands.execute('filebrowser:activate'),
    tell: (tone, text) =>
      void (tone === 'alert'
        ? Notification.warning(text)
        : Notification.info(text, { autoClose: false }))
  };
}

/** JupyterLab's command that shows settings. */
const SETTINGS_EDITOR = 'settingeditor:open';

/** Where it is kept that the sidebar got its first width. */
const WIDTH_KEY = 'jupyter-codeact:sidebar-width';

export const chatPlugin: JupyterFrontEndPlugin<IChat> = {
  id: 'jupyter-codeact:chat',
  description: 'The sidebar in which users talk with CodeAct.',
  autoStart: true,
  requires: [IConnection, ISessions, INotebooks, IRenderMimeRegistry],
  provides: IChat,
  optional: [
    ISettings,
    ICommandPalette,
    ILayoutRestorer,
    IDefaultFileBrowser,
    ILauncher,
    ITranslator,
    IStateDB
  ],
  activate: (
    app: JupyterFrontEnd,
    connection: IConnection,
    sessions: ISessions,
    notebooks: INotebooks,
    rendermime: IRenderMimeRegistry,
    settings: ISettings | null,
    palette: ICommandPalette | null,
    restorer: ILayoutRestorer | null,
    browser: IDefaultFileBrowser | null,
    launcher: ILauncher | null,
    translator: ITranslator | null,
    states: IStateDB | null
  ) => {
    const trans = (translator ?? nullTranslator).load('jupyter_codeact');
    const { commands, shell } = app;
    const files = new Files(app.serviceManager.contents, trans);
    const workspace = workspaceOf(app, browser);
    const { serverSettings } = app.serviceManager;
    const library = new Library({
      serverSettings,
      sessions,
      trans,
      workspace
    });
    const model = new ChatModel({
      connection,
      files,
      notebooks,
      sessions,
      storage: window.sessionStorage,
      trans,
      workspace
    });
    const sidebar = new ChatSidebar(
      () =>
        import('./panel').then(({ ChatPanel }) => {
          const panel = new ChatPanel({
            ...{ library, model, rendermime, settings, trans },
            hasSettings: () => commands.hasCommand(SETTINGS_EDITOR),
            showSettings: () =>
              void commands.execute(SETTINGS_EDITOR, { query: 'CodeAct' })
          });
          // The settings editor may begin after the panel.
          commands.commandChanged.connect((_, { id, type }) => {
            if (id === SETTINGS_EDITOR && type === 'added') {
              panel.update();
            }
          });
          // A cell has another number then, by which the message box may name it.
          NotebookActions.executed.connect(() => panel.update());
          return panel;
        }),
      trans,
      states && {
        isSet: async () => (await states.fetch(WIDTH_KEY)) !== undefined,
        set: () => states.save(WIDTH_KEY, true)
      }
    );
    const attention = new Attention({
      connection,
      model,
      notebooks,
      isShown: () => sidebar.isVisible,
      settings
    });
    sidebar.shown.connect(() => attention.soon());
    shell.add(sidebar, 'right', { rank: 900, type: 'CodeAct' });
    restorer?.add(sidebar, sidebar.id);

    /** Show the conversation, whatever was open over it, ready for a task. */
    const open = () => {
      model.open(null);
      sidebar.keepsFocusAway = false;
      shell.activateById(sidebar.id);
      // Notebook 7 shows it without giving it the focus.
      sidebar.activate();
    };

    commands.addCommand(CommandIDs.open, {
      label: trans.__('Open CodeAct'),
      caption: trans.__('Ask CodeAct to work in this notebook'),
      icon: codeActIcon,
      execute: open
    });
    commands.addCommand(CommandIDs.stop, {
      label: trans.__('Stop CodeAct'),
      caption: trans.__('Stop what CodeAct is doing in this notebook'),
      icon: stopIcon,
      isEnabled: () => model.isRunning,
      execute: () => model.stop()
    });
    commands.addCommand(CommandIDs.newConversation, {
      label: trans.__('New CodeAct Conversation'),
      caption: trans.__('Start a new conversation about this notebook'),
      icon: addIcon,
      isEnabled: () => model.path !== null && !model.isRunning,
      execute: () => model.newConversation()
    });
    commands.addCommand(CommandIDs.showConversations, {
      label: trans.__('Show CodeAct Conversations'),
      caption: trans.__(
        'Show the conversations about this notebook and all others'
      ),
      icon: historyIcon,
      execute: () => {
        open();
        model.open('conversations');
      }
    });
    commands.addCommand(CommandIDs.chooseModel, {
      label: trans.__('Choose CodeAct Model…'),
      caption: trans.__('Choose the model that CodeAct works with'),
      icon: settingsIcon,
      execute: () => {
        open();
        model.open('models');
      }
    });
    commands.addCommand(CommandIDs.help, {
      label: trans.__('Show CodeAct Help'),
      caption: trans.__('Show what CodeAct can be asked to do'),
      icon: codeActIcon,
      execute: () => {
        open();
        model.runCommand('help');
      }
    });
    launcher?.add({ command: CommandIDs.open, category: trans.__('Other') });
    for (const command of Object.values(CommandIDs)) {
      palette?.addItem({ command, category: 'CodeAct' });
    }
    // A sidebar that opens with the page leaves the focus with the notebook, whether JupyterLab opens it
    // because it was open before, or this does.
    sidebar.keepsFocusAway = true;
    void app.restored.then(() => {
      sidebar.keepsFocusAway = PageConfig.getOption('codeactOpen') === 'true';
      if (sidebar.keepsFocusAway) {
        shell.activateById(sidebar.id);
      }
    });
    NotebookActions.executed.connect(() => {
      // What the first screen shows may be another now.
      if (sidebar.isVisible && model.isFresh) {
        void model.surroundings.refresh();
      }
    });
    void settings?.ready.then(() => {
      if (settings.model) {
        model.models.chooseFirst(settings.model);
      }
    });
    let wasRunning = false;
    model.changed.connect(() => {
      if (wasRunning !== model.isRunning) {
        wasRunning = model.isRunning;
        commands.notifyCommandChanged();
      }
    });

    return {
      title: sidebar.title,
      open: path => {
        const cell = path && notebooks.activeCell(path);
        if (cell && path !== model.path) {
          void notebooks.jumpToCell(path, cell).then(open);
        } else {
          open();
        }
      },
      attach: attachment => model.composer.attach(attachment),
      draft: text => model.composer.setText(text),
      ask: (text, attachments, options) => {
        open();
        model.composer.ask(text, attachments, options);
      }
    };
  }
};
