import * as React from 'react';

import { waitingCell } from '../../session/selectors';
import { usePanel } from './context';

/** The user's answers to a cell that waits for approval; it runs as it is by then. */
export function Approval(): React.JSX.Element {
  const { model, trans } = usePanel();
  const waiting = waitingCell(model.state);
  const isResolving = waiting?.isResolving ?? true;
  const isCall = waiting?.isCall ?? false;
  const resolve =
    (approved: boolean, rest = false) =>
    () =>
      model.actions?.resolveApproval(approved, rest);
  return (
    <div
      className="jp-CodeAct-approval"
      role="group"
      aria-label={isCall ? trans.__('Allow this?') : trans.__('Run this cell?')}
    >
      <button
        type="button"
        className="jp-Button jp-mod-styled jp-mod-accept"
        disabled={isResolving}
        onClick={resolve(true)}
      >
        {isCall ? trans.__('Allow') : trans.__('Run')}
      </button>
      <button
        type="button"
        className="jp-Button jp-mod-styled jp-mod-reject"
        disabled={isResolving}
        onClick={resolve(false)}
      >
        {trans.__('Skip')}
      </button>
      <button
        type="button"
        className="jp-Button jp-mod-styled jp-mod-reject"
        title={
          isCall
            ? trans.__('Allow this, and all that this run does after it')
            : trans.__('Run this cell and all others of this run')
        }
        disabled={isResolving}
        onClick={resolve(true, true)}
      >
        {isCall
          ? trans.__('Allow All from Here')
          : trans.__('Run All from Here')}
      </button>
    </div>
  );
}
