import { ICommandPalette } from '@jupyterlab/apputils';
import { INotebookTracker } from '@jupyterlab/notebook';
import { TranslationBundle } from '@jupyterlab/translation';
import { undoIcon } from '@jupyterlab/ui-components';
import { CommandRegistry } from '@lumino/commands';
import { ReadonlyPartialJSONObject } from '@lumino/coreutils';

import { Approval, APPROVALS, approvalText, readApproval } from '../approval';
import { codeActIcon, lockIcon } from '../icons';
import { SessionActions } from '../session/actions';
import { checkAt, isChecking, lastRun } from '../session/selectors';
import { ISessions } from '../session/sessions';
import { BLANK, ISessionState } from '../session/state';
import { CellCommandIDs as IDs } from '../tokens';
import { CellActions } from './actions';

/** Add the commands that have to do with a notebook's cells. */
export function addCommands(options: {
  actions: (tracker: INotebookTracker) => CellActions | null;
  commands: CommandRegistry;
  palette: ICommandPalette | null;
  sessions: ISessions;
  tracker: INotebookTracker;
  trans: TranslationBundle;
}): void {
  const { commands, palette, sessions, tracker, trans } = options;
  /** The active cell of the notebook in front. */
  const cell = () => options.actions(tracker);
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
        args: { type: 'object', properties: {} }
      }
    });
    if (id !== IDs.setApproval && id !== IDs.setMode) {
      palette?.addItem({ command: id, category: 'CodeAct' });
    }
  };

  add(IDs.approve, {
    label: trans.__('Run the Cell CodeAct Asks About'),
    caption: trans.__('Let CodeAct run this cell as it is now'),
    isEnabled: () => !!cell()?.isToRun,
    execute: () => cell()?.approve()
  });
  add(IDs.approveRest, {
    label: trans.__('Run the Cell CodeAct Asks About and All After It'),
    caption: trans.__(
      'Let CodeAct run this cell and the rest of its run without asking again'
    ),
    isEnabled: () => !!cell()?.isToRun,
    execute: () => cell()?.approveRest()
  });
  add(IDs.skip, {
    label: trans.__('Skip the Cell CodeAct Asks About'),
    caption: trans.__(
      'Do not run this cell, and tell CodeAct that you skipped it'
    ),
    isEnabled: () => !!cell()?.isWaiting,
    execute: () => cell()?.skip()
  });
  add(IDs.protect, {
    label: trans.__('CodeAct Never Runs or Edits This Cell'),
    caption: trans.__('Keep CodeAct away from this cell, or allow it again'),
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
    isEnabled: () => cell() !== null && !state().conversation.running,
    execute: () => cell()?.explain()
  });
  add(IDs.fix, {
    label: trans.__('Fix the Error in This Cell with CodeAct'),
    caption: trans.__('Let CodeAct correct this cell'),
    isEnabled: () => !!cell()?.isFailed && !state().conversation.running,
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
        const current = state().approval;
        return current !== null && current === approval(args);
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
