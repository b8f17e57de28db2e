import {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { CodeCell } from '@jupyterlab/cells';
import { CodeEditor } from '@jupyterlab/codeeditor';
import { ICompletionProviderManager } from '@jupyterlab/completer';
import { URLExt } from '@jupyterlab/coreutils';
import { NotebookPanel } from '@jupyterlab/notebook';
import { ServerConnection } from '@jupyterlab/services';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { JSONObject } from '@lumino/coreutils';
import { Widget } from '@lumino/widgets';

import { TOGGLE_COMPLETION } from '../tokens';
import {
  CodeCompletions,
  ICompletionReply,
  ISurroundings,
  Send
} from './provider';

/** Where JupyterLab keeps the settings of inline completers. */
const SETTINGS = '@jupyterlab/completer-extension:inline-completer';

/** Characters of the cells above; the server takes fewer. */
const ENOUGH = 6000;

export const completionPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-codeact:completion',
  description: 'Completes code as you type, with the model that is loaded.',
  autoStart: true,
  requires: [ICompletionProviderManager],
  optional: [ISettingRegistry, ICommandPalette, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    manager: ICompletionProviderManager,
    registry: ISettingRegistry | null,
    palette: ICommandPalette | null,
    translator: ITranslator | null
  ) => {
    const trans = (translator ?? nullTranslator).load('jupyter_codeact');
    const { serverSettings } = app.serviceManager;
    const provider = new CodeCompletions({
      send: sendTo(serverSettings),
      surroundings,
      trans
    });
    manager.registerInlineProvider(provider);
    if (registry) {
      addToggle(app, registry, provider.identifier, palette, trans);
    }
  }
};

/** Add the command that turns completion on and off, where JupyterLab keeps that. */
function addToggle(
  { commands, restored }: JupyterFrontEnd,
  registry: ISettingRegistry,
  identifier: string,
  palette: ICommandPalette | null,
  trans: ReturnType<ITranslator['load']>
): void {
  let settings: ISettingRegistry.ISettings | null = null;
  const providers = () => (settings?.composite.providers ?? {}) as JSONObject;
  const own = () => (providers()[identifier] ?? {}) as JSONObject;
  commands.addCommand(TOGGLE_COMPLETION, {
    label: trans.__('Complete Code While Typing'),
    caption: trans.__(
      'Show how the model would go on when you pause while typing; Tab accepts'
    ),
    isEnabled: () => settings !== null,
    isToggled: () => own().enabled === true,
    execute: () =>
      settings?.set('providers', {
        ...providers(),
        [identifier]: { ...own(), enabled: own().enabled !== true }
      })
  });
  palette?.addItem({ command: TOGGLE_COMPLETION, category: 'CodeAct' });
  restored
    .then(() => registry.load(SETTINGS))
    .then(loaded => {
      settings = loaded;
      loaded.changed.connect(() =>
        commands.notifyCommandChanged(TOGGLE_COMPLETION)
      );
      commands.notifyCommandChanged(TOGGLE_COMPLETION);
    })
    .catch(error =>
      console.warn('CodeAct cannot turn completion on or off:', error)
    );
}

function sendTo(settings: ServerConnection.ISettings): Send {
  const url = URLExt.join(settings.baseUrl, 'codeact', 'complete');
  return async (request, signal) => {
    const response = await ServerConnection.makeRequest(
      url,
      { method: 'POST', body: JSON.stringify(request), signal },
      settings
    );
    if (!response.ok) {
      throw new ServerConnection.ResponseError(response);
    }
    return (await response.json()) as ICompletionReply;
  };
}

/** What surrounds an editor, if it is that of a notebook's cell. */
export function surroundings(
  widget: Widget,
  editor: CodeEditor.IEditor | null
): ISurroundings {
  const cells: string[] = [];
  let executions = 0;
  let isAbove = true;
  if (!(widget instanceof NotebookPanel)) {
    return { cells, kernel: null, executions };
  }
  for (const cell of widget.content.widgets) {
    isAbove = isAbove && (editor === null || cell.editor !== editor);
    if (cell instanceof CodeCell) {
      executions = Math.max(executions, cell.model.executionCount ?? 0);
      if (isAbove) {
        cells.push(cell.model.sharedModel.getSource());
      }
    }
  }
  const kernel = widget.sessionContext.session?.kernel?.id ?? null;
  return { cells: nearest(cells), kernel, executions };
}

/** The last cells, as far as the server may look at them. */
function nearest(cells: readonly string[]): string[] {
  let start = cells.length;
  for (let length = 0; start > 0 && length < ENOUGH; start--) {
    length += cells[start - 1].length;
  }
  return cells.slice(start).map(source => source.slice(-ENOUGH));
}
