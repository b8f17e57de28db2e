import { TranslationBundle } from '@jupyterlab/translation';
import {
  caretDownIcon,
  caretRightIcon,
  checkIcon,
  circleEmptyIcon,
  closeIcon,
  infoIcon,
  LabIcon,
  stopIcon
} from '@jupyterlab/ui-components';
import * as React from 'react';

import {
  ActionState,
  IAction,
  isOpen as isUnderWay
} from '../../session/action';
import { outcomeOf } from '../../session/outcome';
import { Approval } from './approval';
import { CellLink } from './cell-link';
import { CodeToolbar } from './code-toolbar';
import { usePanel } from './context';
import { PythonCode } from './markdown';
import { useNow } from './now';
import { Outputs } from './outputs';
import { Seconds } from './seconds';

const ICONS: Record<Exclude<ActionState, 'running'>, LabIcon> = {
  waiting: circleEmptyIcon,
  asking: infoIcon,
  done: checkIcon,
  failed: closeIcon,
  stopped: stopIcon,
  skipped: circleEmptyIcon
};

/** One step: a line with the cell and how it went; its code while that is of interest, and what came out. */
export function ActionCard({ action }: { action: IAction }): React.JSX.Element {
  const { trans } = usePanel();
  const { cellId, change, comment, count, outcome, reasons, rewritten, state } =
    action;
  const [wanted, setWanted] = React.useState<boolean | null>(null);
  const isOpen = wanted ?? isUnderWay(action);
  const isReasoned = state === 'asking' || state === 'skipped';
  const label = stateLabel(action, trans);
  return (
    <div
      className="jp-CodeAct-action"
      data-state={state}
      data-cell-id={cellId ?? undefined}
      data-rewritten={rewritten || undefined}
      role="group"
      aria-label={trans.__('Code: %1', label)}
    >
      <div className="jp-CodeAct-actionHeader">
        <button
          type="button"
          className="jp-CodeAct-toggle jp-Button jp-mod-minimal"
          aria-expanded={isOpen}
          title={isOpen ? trans.__('Hide the code') : trans.__('Show the code')}
          onClick={() => setWanted(!isOpen)}
        >
          <Caret isOpen={isOpen} />
          <StateIcon state={state} />
          <span
            // The icon says it, next to the cell.
            className={
              state === 'done' && cellId && !change && !rewritten
                ? 'jp-CodeAct-sender'
                : 'jp-CodeAct-state'
            }
          >
            {label}
          </span>
        </button>
        {cellId && change !== 'deleted' && (
          <CellLink cellId={cellId} count={count} />
        )}
        <Seconds action={action} />
      </div>
      {isReasoned && reasons.length > 0 && (
        <ul className="jp-CodeAct-reasons">
          {reasons.map(reason => (
            <li key={reason}>{reason}</li>
          ))}
        </ul>
      )}
      {comment && (
        <p className="jp-CodeAct-said">{trans.__('You: “%1”', comment)}</p>
      )}
      {isOpen && <Code action={action} />}
      {state === 'asking' && <Approval />}
      {state === 'running' && cellId && <OutputsSoFar cellId={cellId} />}
      {/* An attempt that was corrected is of interest only to who opens it. */}
      {outcome && (!rewritten || isOpen) && <Outputs outcome={outcome} />}
    </div>
  );
}

/** The code; of a cell that waits for the user as it is by now, since that is what will run. */
function Code({ action }: { action: IAction }): React.JSX.Element {
  const { model, trans } = usePanel();
  const { cellId, isCall, state } = action;
  const isEditable = state === 'asking' && cellId !== null && !isCall;
  useNow(isEditable);
  const source = (isEditable ? model.sourceOf(cellId) : null) ?? action.source;
  return (
    <div className="jp-CodeAct-codeBlock">
      <CodeToolbar source={source} />
      <div
        className="jp-CodeAct-code"
        tabIndex={0}
        role="group"
        aria-label={trans.__('Code')}
      >
        <PythonCode source={source} />
      </div>
    </div>
  );
}

/** What a running cell has shown until now, as this page sees it. */
function OutputsSoFar({
  cellId
}: {
  cellId: string;
}): React.JSX.Element | null {
  const { model } = usePanel();
  useNow(true);
  const outputs = model.runningCell(cellId)?.outputs ?? [];
  const outcome = outcomeOf(outputs);
  return outcome && <Outputs outcome={outcome} isGrowing />;
}

function Caret({ isOpen }: { isOpen: boolean }): React.JSX.Element {
  const Icon = (isOpen ? caretDownIcon : caretRightIcon).react;
  return <Icon tag="span" className="jp-CodeAct-caret" />;
}

function StateIcon({ state }: { state: ActionState }): React.JSX.Element {
  if (state === 'running') {
    return <span className="jp-CodeAct-spinner" />;
  }
  const Icon = ICONS[state].react;
  return <Icon tag="span" className="jp-CodeAct-stateIcon" />;
}

function stateLabel(action: IAction, trans: TranslationBundle): string {
  if (action.status === 'dead') {
    return trans.__('Kernel lost');
  }
  switch (action.state) {
    case 'waiting':
      return trans.__('Waiting');
    case 'asking':
      return trans.__('Waiting for you');
    case 'running':
      return trans.__('Running');
    case 'done':
      if (action.change) {
        return action.change === 'moved'
          ? trans.__('Moved %1', action.cellName)
          : trans.__('Deleted %1', action.cellName);
      }
      return action.rewritten ? trans.__('Rewritten') : trans.__('Done');
    case 'failed':
      return action.rewritten ? trans.__('Rewritten') : trans.__('Failed');
    case 'stopped':
      return trans.__('Stopped');
    case 'skipped':
      return action.sha256 !== null ? trans.__('Skipped') : trans.__('Not run');
  }
}
