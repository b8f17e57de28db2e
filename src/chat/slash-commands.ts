import { TranslationBundle } from '@jupyterlab/translation';

/** Something the user can do by typing a slash and its name. */
export interface ISlashCommand {
  readonly name: 'new' | 'history' | 'undo' | 'check' | 'model' | 'help';
  readonly description: string;
}

export function slashCommands(trans: TranslationBundle): ISlashCommand[] {
  return [
    { name: 'new', description: trans.__('Start a new conversation') },
    { name: 'history', description: trans.__('Show earlier conversations') },
    { name: 'undo', description: trans.__('Undo the last run') },
    {
      name: 'check',
      description: trans.__('Run the notebook in a fresh kernel and compare')
    },
    { name: 'model', description: trans.__('Choose a model') },
    { name: 'help', description: trans.__('Show all commands') }
  ];
}

/** The (begun) name after the slash; `null` where the text is a task, be it one that begins with a file's path. */
export function splitSlash(text: string): string | null {
  return /^\/([a-z]*)$/.exec(text.trim())?.[1] ?? null;
}
