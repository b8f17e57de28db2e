import { ISessionContext, SessionContext } from '@jupyterlab/apputils';
import { NotebookPanel } from '@jupyterlab/notebook';
import { TranslationBundle } from '@jupyterlab/translation';

import { Kernel } from '../protocol';
import { UserError } from './user-error';

/** Lists the user's variables, without those that IPython made. */
const WHO = "get_ipython().run_line_magic('who_ls', '')";

/** The language and the state of a notebook's kernel; `null` without one. */
export function kernelOf(panel: NotebookPanel): Kernel | null {
  const kernel = panel.sessionContext.session?.kernel;
  return kernel
    ? { language: languageOf(panel), status: kernel.status, session: '' }
    : null;
}

/** Why CodeAct cannot work in a notebook, as a sentence that says what to do; `null` if it can. */
export function obstacleOf(
  panel: NotebookPanel,
  trans: TranslationBundle
): string | null {
  const session = panel.sessionContext;
  const kernel = session.session?.kernel;
  if (session.isTerminating) {
    return trans.__(
      'The kernel of this notebook is shutting down. Choose another one with “Kernel › Change Kernel…”.'
    );
  }
  if (!kernel) {
    const isComing = ['initializing', 'starting'].includes(
      session.kernelDisplayStatus
    );
    return isComing && !mustChoose(panel)
      ? null
      : trans.__(
          'This notebook has no kernel. Choose a Python kernel with “Kernel › Change Kernel…”.'
        );
  }
  if (kernel.status === 'dead') {
    return trans.__(
      'The kernel of this notebook is dead. Start it again with “Kernel › Restart Kernel…”.'
    );
  }
  if (kernel.connectionStatus === 'disconnected') {
    return trans.__(
      'This page has lost the connection to the kernel. Get it back with “Kernel › Reconnect to Kernel”.'
    );
  }
  const language = languageOf(panel);
  if (language && language.toLowerCase() !== 'python') {
    return trans.__(
      'CodeAct writes Python, and the kernel of this notebook runs %1. Choose a Python kernel with “Kernel › Change Kernel…”.',
      language
    );
  }
  return null;
}

/**
 * Wait until a notebook can run code.
 *
 * Throws a `UserError` if that would mean waiting for the user instead of the kernel.
 */
export async function kernelReady(
  panel: NotebookPanel,
  trans: TranslationBundle
): Promise<void> {
  const session = panel.sessionContext;
  await panel.context.ready;
  await panel.revealed;
  await session.specsManager.ready;
  failOn(obstacleOf(panel, trans));
  await session.ready;
  await restarted(session);
  failOn(obstacleOf(panel, trans));
  if (session.pendingInput) {
    throw new UserError(
      trans.__(
        'A cell is waiting for your input. Answer it, then ask CodeAct again.'
      )
    );
  }
}

/** Wait for a kernel that is starting or connecting, but not for one that the user must choose. */
export async function kernelKnown(
  panel: NotebookPanel,
  trans: TranslationBundle
): Promise<void> {
  const session = panel.sessionContext;
  await session.specsManager.ready;
  if (!session.session?.kernel && !obstacleOf(panel, trans)) {
    await session.ready;
  }
}

function failOn(obstacle: string | null): void {
  if (obstacle) {
    throw new UserError(obstacle);
  }
}

function languageOf(panel: NotebookPanel): string {
  const session = panel.sessionContext;
  const name = session.session?.kernel?.name ?? '';
  const spec = session.specsManager.specs?.kernelspecs[name];
  return spec?.language ?? panel.model?.defaultKernelLanguage ?? '';
}

/** Whether JupyterLab has to ask the user which kernel to start. */
function mustChoose(panel: NotebookPanel): boolean {
  const { context, model, sessionContext: session } = panel;
  const { specs } = session.specsManager;
  const preference = session.kernelPreference;
  if (!context.isReady || !specs || preference.id) {
    return false;
  }
  const sessions = [...session.sessionManager.running()];
  return (
    !sessions.some(({ path }) => path === session.path) &&
    SessionContext.getDefaultKernel({
      specs,
      sessions,
      preference: {
        ...preference,
        name: model?.defaultKernelName || preference.name,
        language: model?.defaultKernelLanguage
      }
    }) === null
  );
}

function restarted(session: ISessionContext): Promise<void> {
  if (!session.isRestarting) {
    return Promise.resolve();
  }
  return new Promise(resolve => {
    const check = () => {
      if (!session.isRestarting) {
        session.statusChanged.disconnect(check);
        resolve();
      }
    };
    session.statusChanged.connect(check);
  });
}

/** The names of the user's variables; none if the kernel is busy or does not run Python. */
export async function variablesOf(panel: NotebookPanel): Promise<string[]> {
  const kernel = panel.sessionContext.session?.kernel;
  if (
    kernel?.status !== 'idle' ||
    languageOf(panel).toLowerCase() !== 'python'
  ) {
    return [];
  }
  const { content } = await kernel.requestExecute({
    code: '',
    silent: true,
    store_history: false,
    user_expressions: { names: WHO }
  }).done;
  if (content.status !== 'ok') {
    return [];
  }
  const names = content.user_expressions?.names as
    { data?: Record<string, string> } | undefined;
  return [...(names?.data?.['text/plain'] ?? '').matchAll(/'([^']+)'/g)].map(
    ([, name]) => name
  );
}
