import { TranslationBundle } from '@jupyterlab/translation';
import {
  checkIcon,
  circleEmptyIcon,
  closeIcon,
  LabIcon,
  stopIcon
} from '@jupyterlab/ui-components';
import * as React from 'react';

import { ActionState, IAction } from '../conversation';
import { IOutcome } from '../outcome';
import { usePanel } from './context';
import { PythonCode } from './markdown';
import { Seconds } from './seconds';

const ICONS: Record<Exclude<ActionState, 'running'>, LabIcon> = {
  waiting: circleEmptyIcon,
  done: checkIcon,
  failed: closeIcon,
  stopped: stopIcon
};

/** The code of an action, where it is, and what came of it. */
export function ActionCard({ action }: { action: IAction }): React.JSX.Element {
  const { model, trans } = usePanel();
  const { cellId, outcome, reasons, source, state } = action;
  const label = stateLabel(action, trans);
  return (
    <div
      className="jp-CodeAct-action"
      data-state={state}
      data-cell-id={cellId ?? undefined}
      data-rewritten={action.rewritten || undefined}
      role="group"
      aria-label={trans.__('Code: %1', label)}
    >
      <div className="jp-CodeAct-actionHeader">
        <StateIcon state={state} />
        <span className="jp-CodeAct-state">{label}</span>
        <Seconds action={action} />
        {cellId && (
          <button
            className="jp-CodeAct-jump jp-Button jp-mod-minimal"
            title={trans.__('Show this cell in the notebook')}
            onClick={() => void model.jumpToCell(cellId)}
          >
            {trans.__('Go to Cell')}
          </button>
        )}
      </div>
      {reasons.length > 0 && (
        <ul className="jp-CodeAct-reasons">
          {reasons.map(reason => (
            <li key={reason}>{reason}</li>
          ))}
        </ul>
      )}
      <div
        className="jp-CodeAct-code"
        tabIndex={0}
        role="group"
        aria-label={trans.__('Code')}
      >
        <PythonCode source={source} />
      </div>
      {outcome && <Outcome outcome={outcome} />}
    </div>
  );
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
    <div className="jp-CodeAct-outcome">
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
  if (!action.allowed) {
    return trans.__('Not run');
  }
  if (action.status === 'dead') {
    return trans.__('Kernel died');
  }
  switch (action.state) {
    case 'waiting':
      return trans.__('Waiting');
    case 'running':
      return trans.__('Running');
    case 'done':
      return trans.__('Done');
    case 'failed':
      return action.rewritten ? trans.__('Rewritten') : trans.__('Failed');
    case 'stopped':
      return trans.__('Stopped');
  }
}
