import { checkIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import { currentRun } from '../../session/selectors';
import { usePanel } from './context';

/** The plan of the run under way, whose steps the model ticks off. */
export function Plan(): React.JSX.Element | null {
  const { model, trans } = usePanel();
  const steps = currentRun(model.state)?.plan ?? [];
  if (steps.length === 0) {
    return null;
  }
  const done = steps.filter(step => step.done).length;
  return (
    <details className="jp-CodeAct-plan" open>
      <summary>{trans.__('Plan: %1 of %2 done', done, steps.length)}</summary>
      <ol>
        {steps.map(({ done, text }, index) => (
          <li key={index} data-done={done || undefined}>
            {done ? (
              <checkIcon.react tag="span" width="14px" height="14px" />
            ) : (
              <span className="jp-CodeAct-planOpen" />
            )}
            <span>
              {text}
              {done && (
                <span className="jp-CodeAct-sender">{trans.__('done')}</span>
              )}
            </span>
          </li>
        ))}
      </ol>
    </details>
  );
}
