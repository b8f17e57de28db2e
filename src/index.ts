import { activityPlugin } from './activity/plugin';
import { cellsPlugin } from './cells/plugin';
import { chatPlugin } from './chat/plugin';
import { completionPlugin } from './completion/plugin';
import { connectionPlugin } from './connection';
import { magicPlugin } from './magic/plugin';
import { notebookPlugin } from './notebook/plugin';
import { sessionPlugin } from './session/plugin';
import { settingsPlugin } from './settings';

export * from './tokens';

export default [
  connectionPlugin,
  settingsPlugin,
  notebookPlugin,
  sessionPlugin,
  cellsPlugin,
  chatPlugin,
  activityPlugin,
  magicPlugin,
  completionPlugin
];
