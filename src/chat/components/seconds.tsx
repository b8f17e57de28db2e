import * as React from 'react';

import { IAction } from '../../session/action';
import { usePanel } from './context';
import { useNow } from './now';

/** How long an action took; counting while it runs. */
export function Seconds({ action }: { action: IAction }): React.JSX.Element {
  const { trans } = usePanel();
  const { seconds, started, state } = action;
  const isRunning = state === 'running';
  const now = useNow(isRunning);

  let text = '';
  if (seconds !== null) {
    text = trans.__('%1 s', seconds.toFixed(seconds < 10 ? 1 : 0));
  } else if (isRunning && started !== null) {
    // The server's clock may be ahead of the page's.
    text = trans.__('%1 s', Math.max(0, Math.floor(now / 1000 - started)));
  }
  return (
    <span className="jp-CodeAct-seconds" aria-live="off">
      {text}
    </span>
  );
}
