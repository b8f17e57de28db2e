import {
  ILayoutRestorer,
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { PageConfig } from '@jupyterlab/coreutils';
import { IRenderMimeRegistry } from '@jupyterlab/rendermime';
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
import { ChatModel } from './model';
import { ChatSidebar } from './sidebar';

export const chatPlugin: JupyterFrontEndPlugin<IChat> = {
  id: 'jupyter-codeact:chat',
  description: 'The sidebar in which users talk with CodeAct.',
  autoStart: true,
  requires: [IConnection, ISessions, INotebooks, IRenderMimeRegistry],
  provides: IChat,
  optional: [ISettings, ICommandPalette, ILayoutRestorer, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    connection: IConnection,
    sessions: ISessions,
    notebooks: INotebooks,
    rendermime: IRenderMimeRegistry,
    settings: ISettings | null,
    palette: ICommandPalette | null,
    restorer: ILayoutRestorer | null,
    translator: ITranslator | null
  ) => {
    const trans = (translator ?? nullTranslator).load('jupyter_codeact');
    const { commands, shell } = app;
    const files = new Files(app.serviceManager.contents, trans);
    const model = new ChatModel({
      connection,
      files,
      notebooks,
      sessions,
      trans
    });
    const sidebar = new ChatSidebar(
      () =>
        import('./panel').then(
          ({ ChatPanel }) =>
            new ChatPanel({ model, rendermime, settings, trans })
        ),
      trans
    );
    const attention = new Attention({
      connection,
      model,
      notebooks,
      isShown: () => sidebar.isVisible
    });
    sidebar.shown.connect(() => attention.soon());
    shell.add(sidebar, 'right', { rank: 900, type: 'CodeAct' });
    restorer?.add(sidebar, sidebar.id);

    const open = () => {
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
      caption: trans.__('Show all conversations about this notebook'),
      icon: historyIcon,
      isEnabled: () => model.path !== null,
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
    for (const command of Object.values(CommandIDs)) {
      palette?.addItem({ command, category: 'CodeAct' });
    }
    if (PageConfig.getOption('codeactOpen') === 'true') {
      void app.restored.then(() => {
        sidebar.keepsFocusAway = true;
        shell.activateById(sidebar.id);
      });
    }
    let wasRunning = false;
    model.changed.connect(() => {
      if (wasRunning !== model.isRunning) {
        wasRunning = model.isRunning;
        commands.notifyCommandChanged();
      }
    });

    return {
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
        model.open(null);
        model.composer.ask(text, attachments, options);
      }
    };
  }
};
