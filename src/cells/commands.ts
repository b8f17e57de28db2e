import { ICommandPalette } from '@jupyterlab/apputils';
import { INotebookTracker } from '@jupyterlab/notebook';
import { TranslationBundle } from '@jupyterlab/translation';
import { undoIcon } from '@jupyterlab/ui-components';
import { CommandRegistry } from '@lumino/commands';

import { codeActIcon, lockIcon } from '../icons';
import { CellCommandIDs as IDs } from '../tokens';
import { CellActions } from './actions';
import { CellsModel } from './model';
import { Mode, MODES, modeWords } from '../modes';
import { IRecord, lastRun } from './record';

/** Add the commands that have to do with a notebook's cells. */
export function addCommands(options: {
  actions: (tracker: INotebookTracker) => CellActions | null;
  commands: CommandRegistry;
  model: CellsModel;
  palette: ICommandPalette | null;
  tracker: INotebookTracker;
  trans: TranslationBundle;
}): void {
  const { commands, model, palette, tracker, trans } = options;
  /** The active cell of the notebook in front. */
  const cell = () => options.actions(tracker);
  const path = () => tracker.currentWidget?.context.localPath ?? null;
  const record = (): IRecord | null => {
    const current = path();
    return current === null ? null : model.record(current);
  };

  const add = (id: string, command: CommandRegistry.ICommandOptions) => {
    commands.addCommand(id, {
      ...command,
      describedBy: command.describedBy ?? {
        args: { type: 'object', properties: {} }
      }
    });
    if (id !== IDs.setMode) {
      palette?.addItem({ command: id, category: 'CodeAct' });
    }
  };

  add(IDs.approve, {
    label: trans.__('Run the Cell CodeAct Asks About'),
    caption: trans.__('Let CodeAct run this cell as it is now'),
    isEnabled: () => !!cell()?.isWaiting,
    execute: () => cell()?.approve()
  });
  add(IDs.approveRest, {
    label: trans.__('Run the Cell CodeAct Asks About and All After It'),
    caption: trans.__(
      'Let CodeAct run this cell and the rest of its run without asking again'
    ),
    isEnabled: () => !!cell()?.isWaiting,
    execute: () => cell()?.approveRest()
  });
  add(IDs.skip, {
    label: trans.__('Skip the Cell CodeAct Asks About'),
    caption: trans.__('Do not run this cell, and tell CodeAct so'),
    isEnabled: () => !!cell()?.isWaiting,
    execute: () => cell()?.skip()
  });
  add(IDs.protect, {
    label: trans.__('CodeAct Never Runs or Edits This Cell'),
    caption: trans.__(
      'Keep CodeAct away from this cell, or let it at it again'
    ),
    icon: lockIcon,
    isToggleable: true,
    isToggled: () => !!cell()?.isProtected,
    isEnabled: () => cell() !== null,
    execute: () => cell()?.toggleProtected()
  });
  add(IDs.ask, {
    label: trans.__('Ask CodeAct About This Cell'),
    caption: trans.__('Ask CodeAct about this cell'),
    icon: codeActIcon,
    isEnabled: () => cell() !== null,
    execute: () => cell()?.askAbout()
  });
  add(IDs.explain, {
    label: trans.__('Explain This Cell with CodeAct'),
    caption: trans.__('Let CodeAct explain this cell, or the error in it'),
    isEnabled: () => cell() !== null && !record()?.running,
    execute: () => cell()?.explain()
  });
  add(IDs.fix, {
    label: trans.__('Fix the Error in This Cell with CodeAct'),
    caption: trans.__('Let CodeAct correct this cell'),
    isEnabled: () => !!cell()?.isFailed && !record()?.running,
    execute: () => cell()?.fix()
  });
  add(IDs.showChanges, {
    label: trans.__('Show What CodeAct Changed in This Cell'),
    caption: trans.__('Compare this cell with what it was before the run'),
    isEnabled: () => !!cell()?.hasChanges,
    execute: () => cell()?.showChanges()
  });

  add(IDs.undo, {
    label: trans.__('Undo the Last CodeAct Run'),
    caption: trans.__('Put the cells back as they were before the run'),
    icon: undoIcon,
    isEnabled: () => {
      const current = record();
      return !!current && !current.running && lastRun(current) !== null;
    },
    execute: () => model.undo(path()!)
  });
  add(IDs.check, {
    label: trans.__('Check That the Notebook Reproduces'),
    caption: trans.__(
      'Run the notebook in a fresh kernel and compare what comes out; your kernel and outputs stay as they are'
    ),
    isEnabled: () => path() !== null && !isChecking(record()),
    execute: () => model.check(path()!)
  });
  add(IDs.stopCheck, {
    label: trans.__('Stop Checking the Notebook'),
    isEnabled: () => isChecking(record()),
    execute: () => model.stopCheck(path()!)
  });
  add(IDs.clearCheck, {
    label: trans.__('Clear the Results of the Check'),
    isEnabled: () => !!record()?.check && !isChecking(record()),
    execute: () => model.clearCheck(path()!)
  });
  add(IDs.setMode, {
    label: args =>
      isMode(args.mode)
        ? modeWords(args.mode, trans).command
        : trans.__('Choose When CodeAct Asks'),
    caption: args =>
      isMode(args.mode) ? modeWords(args.mode, trans).hint : '',
    isToggleable: true,
    isToggled: args => record()?.mode === args.mode,
    isEnabled: args => isMode(args.mode) && !!record()?.mode,
    execute: args => model.setMode(path()!, args.mode as Mode),
    describedBy: {
      args: {
        type: 'object',
        properties: { mode: { type: 'string', enum: [...MODES] } },
        required: ['mode']
      }
    }
  });
  for (const mode of MODES) {
    palette?.addItem({
      command: IDs.setMode,
      args: { mode },
      category: 'CodeAct'
    });
  }
  // Whether they are enabled changes with the record.
  model.changed.connect(() => commands.notifyCommandChanged());
}

function isChecking(record: IRecord | null): boolean {
  return record?.check?.holds === null;
}

function isMode(value: unknown): value is Mode {
  return MODES.some(mode => mode === value);
}
