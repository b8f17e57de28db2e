import { ICommandPalette } from '@jupyterlab/apputils';
import { INotebookTracker } from '@jupyterlab/notebook';
import { TranslationBundle } from '@jupyterlab/translation';
import { redoIcon, undoIcon } from '@jupyterlab/ui-components';
import { CommandRegistry } from '@lumino/commands';
import { ReadonlyPartialJSONObject } from '@lumino/coreutils';

import { Approval, APPROVALS, approvalText, readApproval } from '../approval';
import { codeActIcon, lockIcon } from '../icons';
import { SessionActions } from '../session/actions';
import { ICellChange } from '../session/changes';
import { Reviews } from '../session/reviews';
import {
  checkAt,
  isChecking,
  isRunning,
  lastChange,
  lastRun,
  lastUndone
} from '../session/selectors';
import { ISessions } from '../session/sessions';
import { BLANK, ISessionState } from '../session/state';
import { CellCommandIDs as IDs } from '../tokens';
import { CellActions } from './actions';

function canUndo(change: ICellChange | null | undefined): boolean {
  return !!change && !change.isUndone;
}

/** Add the commands that have to do with a notebook's cells. */
export function addCommands(options: {
  /** What can be done at the active cell, or with `clicked` at that of the context menu. */
  actions: (args: ReadonlyPartialJSONObject) => CellActions | null;
  commands: CommandRegistry;
  palette: ICommandPalette | null;
  /** Open the box at the active cell. */
  prompt: () => void;
  review: Reviews;
  sessions: ISessions;
  tracker: INotebookTracker;
  trans: TranslationBundle;
}): void {
  const { commands, palette, review, sessions, tracker, trans } = options;
  const cell = options.actions;
  const path = () => tracker.currentWidget?.context.localPath ?? null;
  const state = (): ISessionState => {
    const current = path();
    return current === null ? BLANK : sessions.get(current).state;
  };
  const notebook = (): SessionActions => sessions.actions(path()!, 'notebook');

  const add = (id: string, command: CommandRegistry.ICommandOptions) => {
    commands.addCommand(id, {
      ...command,
      describedBy: command.describedBy ?? {
        args: {
          type: 'object',
          properties: { clicked: { type: 'boolean' } }
        }
      }
    });
    if (id !== IDs.setApproval && id !== IDs.setMode) {
      palette?.addItem({ command: id, category: 'CodeAct' });
    }
  };

  add(IDs.prompt, {
    label: trans.__('Ask CodeAct at This Cell…'),
    caption: trans.__('Let CodeAct write here, or change this cell'),
    icon: codeActIcon,
    isEnabled: () => path() !== null && !isRunning(state()),
    execute: options.prompt
  });

  add(IDs.approve, {
    label: trans.__('Run the Cell CodeAct Asks About'),
    caption: trans.__('Let CodeAct run this cell as it is now'),
    isEnabled: args => !!cell(args)?.isToRun,
    execute: args => cell(args)?.approve()
  });
  add(IDs.approveRest, {
    label: trans.__('Run the Cell CodeAct Asks About and All After It'),
    caption: trans.__(
      'Let CodeAct run this cell and the rest of its run without asking again'
    ),
    isEnabled: args => !!cell(args)?.isToRun,
    execute: args => cell(args)?.approveRest()
  });
  add(IDs.skip, {
    label: trans.__('Skip the Cell CodeAct Asks About'),
    caption: trans.__(
      'Do not run this cell, and tell CodeAct that you skipped it'
    ),
    isEnabled: args => !!cell(args)?.isWaiting,
    execute: args => cell(args)?.skip()
  });
  add(IDs.protect, {
    label: trans.__('Protect This Cell from CodeAct'),
    caption: trans.__('Keep CodeAct away from this cell, or allow it again'),
    icon: lockIcon,
    isToggleable: true,
    isToggled: args => !!cell(args)?.isProtected,
    isEnabled: args => cell(args) !== null,
    execute: args => cell(args)?.toggleProtected()
  });
  add(IDs.ask, {
    label: trans.__('Ask CodeAct About This Cell'),
    caption: trans.__('Ask CodeAct about this cell'),
    icon: codeActIcon,
    isEnabled: args => cell(args) !== null,
    execute: args => cell(args)?.askAbout()
  });
  add(IDs.explain, {
    label: trans.__('Explain This Cell with CodeAct'),
    caption: trans.__('Let CodeAct explain this cell, or the error in it'),
    isEnabled: args => cell(args) !== null && !state().conversation.running,
    execute: args => cell(args)?.explain()
  });
  add(IDs.fix, {
    label: trans.__('Fix the Error in This Cell with CodeAct'),
    caption: trans.__('Let CodeAct correct this cell'),
    isEnabled: args => !!cell(args)?.isFailed && !state().conversation.running,
    execute: args => cell(args)?.fix()
  });
  add(IDs.choosePlace, {
    label: trans.__('Let CodeAct Write Below This Cell'),
    caption: trans.__('Put the cells of the next task below this one'),
    isEnabled: args => cell(args) !== null,
    execute: args => cell(args)?.choosePlace()
  });
  add(IDs.showChanges, {
    label: trans.__('Show What CodeAct Changed in This Cell'),
    caption: trans.__('Compare this cell with what it was before the run'),
    isEnabled: args => !!cell(args)?.hasChanges,
    execute: args => cell(args)?.showChanges()
  });

  add(IDs.keepCell, {
    label: trans.__('Keep What CodeAct Changed in This Cell'),
    isEnabled: args => canUndo(cell(args)?.changed),
    execute: args => cell(args)?.change.keep()
  });
  add(IDs.undoCell, {
    label: trans.__('Undo What CodeAct Changed in This Cell'),
    isEnabled: args => canUndo(cell(args)?.changed),
    execute: args => cell(args)?.change.undo()
  });
  add(IDs.redoCell, {
    label: trans.__('Redo What CodeAct Changed in This Cell'),
    isEnabled: args => !!cell(args)?.changed?.canRedo,
    execute: args => cell(args)?.change.redo()
  });
  add(IDs.nextChange, {
    label: trans.__('Next Change by CodeAct'),
    isEnabled: () => state().reviewing !== null,
    execute: args => cell(args)?.change.step(1)
  });
  add(IDs.previousChange, {
    label: trans.__('Previous Change by CodeAct'),
    isEnabled: () => state().reviewing !== null,
    execute: args => cell(args)?.change.step(-1)
  });

  add(IDs.review, {
    label: trans.__('Review the Last CodeAct Run'),
    caption: trans.__('Go through what the run changed, cell by cell'),
    isEnabled: () => lastChange(state()) !== null && !isRunning(state()),
    execute: () => {
      const run = lastChange(state());
      if (run) {
        review.begin(path()!, run.id);
      }
    }
  });
  add(IDs.keep, {
    label: trans.__('Keep What the Last CodeAct Run Changed'),
    isEnabled: () => lastRun(state()) !== null && !isRunning(state()),
    execute: () => notebook().keep(lastRun(state())!.id)
  });
  add(IDs.redo, {
    label: trans.__('Redo the Last CodeAct Run That Was Undone'),
    caption: trans.__('Bring back the cells of the run'),
    icon: redoIcon,
    isEnabled: () => lastUndone(state()) !== null && !isRunning(state()),
    execute: () => notebook().redo(lastUndone(state())!.id)
  });
  add(IDs.undo, {
    label: trans.__('Undo the Last CodeAct Run'),
    caption: trans.__('Put the cells back as they were before the run'),
    icon: undoIcon,
    isEnabled: () => !state().conversation.running && lastRun(state()) !== null,
    execute: () => notebook().undo()
  });
  add(IDs.check, {
    label: trans.__('Check That the Notebook Reproduces'),
    caption: trans.__(
      'Run the notebook in a fresh kernel and compare what comes out; your kernel and outputs stay as they are'
    ),
    isEnabled: () => path() !== null && !isChecking(state()),
    execute: () => notebook().check()
  });
  add(IDs.stopCheck, {
    label: trans.__('Stop Checking the Notebook'),
    isEnabled: () => isChecking(state()),
    execute: () => notebook().stopCheck()
  });
  add(IDs.clearCheck, {
    label: trans.__('Clear the Results of the Check'),
    isEnabled: () =>
      checkAt(state(), 'notebook') !== null && !isChecking(state()),
    execute: () => notebook().clearCheck()
  });
  const setApproval = (given: (args: ReadonlyPartialJSONObject) => unknown) => {
    const approval = (args: ReadonlyPartialJSONObject) =>
      readApproval(given(args));
    const text = (args: ReadonlyPartialJSONObject) => {
      const chosen = approval(args);
      return chosen && approvalText(chosen, trans);
    };
    return {
      label: args =>
        text(args)?.command ?? trans.__('Choose When CodeAct Asks'),
      caption: args => text(args)?.hint ?? '',
      isToggleable: true,
      isToggled: args => {
        const { approval: current, isApprovalForRun } = state();
        return (
          current !== null && current === approval(args) && !isApprovalForRun
        );
      },
      isEnabled: args => approval(args) !== null && state().approval !== null,
      execute: args => notebook().setApproval(approval(args) as Approval)
    } satisfies CommandRegistry.ICommandOptions;
  };
  add(IDs.setApproval, {
    ...setApproval(args => args.approval),
    describedBy: {
      args: {
        type: 'object',
        properties: { approval: { type: 'string', enum: [...APPROVALS] } },
        required: ['approval']
      }
    }
  });
  add(
    IDs.setMode,
    setApproval(args => args.mode)
  );
  for (const approval of APPROVALS) {
    palette?.addItem({
      command: IDs.setApproval,
      args: { approval },
      category: 'CodeAct'
    });
  }
  // Whether they are enabled changes with the session.
  sessions.changed.connect(() => commands.notifyCommandChanged());
}
