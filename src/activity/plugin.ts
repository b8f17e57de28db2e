import {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { INotebookTracker } from '@jupyterlab/notebook';
import { IStatusBar } from '@jupyterlab/statusbar';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { ISessions } from '../session/sessions';
import { IChat, INotebooks, ISettings } from '../tokens';
import { Activities, agentOf } from './activity';
import { mark } from './mark';
import { Notices } from './notices';
import { ActivityStatus } from './status';

export const activityPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-codeact:activity',
  description:
    'Shows what CodeAct does in notebooks: at their tabs, in the status bar, in notifications.',
  autoStart: true,
  requires: [ISessions, INotebooks, INotebookTracker, IChat],
  optional: [ISettings, IStatusBar, ITranslator],
  activate: (
    _app: JupyterFrontEnd,
    sessions: ISessions,
    notebooks: INotebooks,
    tracker: INotebookTracker,
    chat: IChat,
    settings: ISettings | null,
    statusBar: IStatusBar | null,
    translator: ITranslator | null
  ) => {
    const trans = (translator ?? nullTranslator).load('jupyter_codeact');
    const activities = new Activities({ notebooks, sessions });
    const show = (path: string) => chat.open(path);
    new Notices({ activities, notebooks, sessions, settings, show, trans });

    activities.changed.connect((_, { path, now }) => {
      tracker
        .filter(({ context }) => context.localPath === path)
        .forEach(({ title }) => mark(title, now));
      mark(chat.title, activities.all);
    });

    const status = new ActivityStatus({
      activities,
      agentOf: path => agentOf(sessions.get(path).state),
      show,
      trans
    });
    statusBar?.registerStatusItem('jupyter-codeact:activity', {
      align: 'left',
      item: status,
      rank: 10,
      isActive: () => status.isActive,
      activeStateChanged: status.activeChanged
    });
  }
};
