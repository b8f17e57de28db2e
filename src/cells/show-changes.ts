import { Dialog } from '@jupyterlab/apputils';
import { IEditorLanguageRegistry } from '@jupyterlab/codemirror';
import { TranslationBundle } from '@jupyterlab/translation';

import { brief } from '../brief';
import { multiline } from '../multiline';
import { IRun, WholeCell } from '../session/runs';

/** What a run changed in a cell. */
export interface IChanges {
  readonly run: IRun;
  readonly before: WholeCell | null;
  readonly now: string;
  readonly mimeType: string;
  /** Undo the whole run. */
  undo(): void;
}

/** Show what a run changed in a cell, and offer to undo the run. The editor that compares is loaded only now. */
export async function showChanges(
  changes: IChanges,
  languages: IEditorLanguageRegistry | null,
  trans: TranslationBundle
): Promise<void> {
  const { before, mimeType, now, run } = changes;
  const found = languages?.findByMIME(mimeType);
  const [{ Changes }, language] = await Promise.all([
    import('./changes'),
    found ? languages!.getLanguage(found) : null
  ]);
  const undo = Dialog.warnButton({ label: trans.__('Undo This Run') });
  const dialog = new Dialog({
    title: trans.__('What CodeAct changed for “%1”', brief(run.task)),
    body: new Changes({
      before: before && multiline(before.source),
      now,
      language: language?.support ?? [],
      trans
    }),
    buttons: [
      ...(run.ending && !run.undone ? [undo] : []),
      Dialog.okButton({ label: trans.__('Close') })
    ],
    hasClose: true
  });
  dialog.addClass('jp-CodeAct-changesDialog');
  const { button } = await dialog.launch();
  if (button === undo) {
    changes.undo();
  }
}
