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

import { ActionState, IAction } from '../../session/action';
import { IOutcome } from '../../session/outcome';
import { Approval } from './approval';
import { CodeToolbar } from './code-toolbar';
import { usePanel } from './context';
import { PythonCode } from './markdown';
import { Seconds } from './seconds';

const ICONS: Record<Exclude<ActionState, 'running'>, LabIcon> = {
  waiting: circleEmptyIcon,
  asking: infoIcon,
  done: checkIcon,
  failed: closeIcon,
  stopped: stopIcon,
  skipped: circleEmptyIcon
};

/** The code of an action, its state, and what came out of it. */
export function ActionCard({ action }: { action: IAction }): React.JSX.Element {
  const { model, trans } = usePanel();
  const { cellId, change, outcome, reasons, rewritten, source, state } = action;
  const [wanted, setWanted] = React.useState<boolean | null>(null);
  // Code that a later attempt has replaced is of little interest, as is a call that says what it did.
  const isOpen = wanted ?? !(rewritten || change);
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
          <span className="jp-CodeAct-state">{label}</span>
        </button>
        <Seconds action={action} />
        {cellId && change !== 'deleted' && (
          <button
            type="button"
            className="jp-CodeAct-jump jp-Button jp-mod-minimal"
            title={trans.__('Show this cell in the notebook')}
            onClick={() => void model.jumpToCell(cellId)}
          >
            {trans.__('Go to Cell')}
          </button>
        )}
      </div>
      {isReasoned && reasons.length > 0 && (
        <ul className="jp-CodeAct-reasons">
          {reasons.map(reason => (
            <li key={reason}>{reason}</li>
          ))}
        </ul>
      )}
      {isOpen && (
        <div className="jp-CodeAct-codeBlock">
          <div
            className="jp-CodeAct-code"
            tabIndex={0}
            role="group"
            aria-label={trans.__('Code')}
          >
            <PythonCode source={source} />
          </div>
          <CodeToolbar source={source} />
        </div>
      )}
      {state === 'asking' && <Approval />}
      {outcome && <Outcome outcome={outcome} />}
    </div>
  );
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

function Outcome({ outcome }: { outcome: IOutcome }): React.JSX.Element {
  const { trans } = usePanel();
  const { images, others, text } = outcome;
  return (
    <div
      className="jp-CodeAct-outcome"
      tabIndex={0}
      role="group"
      aria-label={trans.__('What came out')}
    >
      {text && <pre>{text}</pre>}
      {images.map((image, index) => (
        <img
          key={index}
          src={image}
          alt={trans.__('Figure shown by the cell')}
        />
      ))}
      {others.length > 0 && (
        <div className="jp-CodeAct-others">{others.join(', ')}</div>
      )}
    </div>
  );
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
