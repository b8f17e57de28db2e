import * as React from 'react';

import { waitingCell } from '../../session/selectors';
import { usePanel } from './context';

/** The user's answers to a cell that waits for approval; it runs as it is by then. */
export function Approval(): React.JSX.Element {
  const { model, trans } = usePanel();
  const isResolving = waitingCell(model.state)?.isResolving ?? true;
  const resolve =
    (approved: boolean, rest = false) =>
    () =>
      model.actions?.resolveApproval(approved, rest);
  return (
    <div
      className="jp-CodeAct-approval"
      role="group"
      aria-label={trans.__('Run this cell?')}
    >
      <button
        type="button"
        className="jp-Button jp-mod-styled jp-mod-accept"
        disabled={isResolving}
        onClick={resolve(true)}
      >
        {trans.__('Run')}
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
        title={trans.__('Run this cell and all others of this run')}
        disabled={isResolving}
        onClick={resolve(true, true)}
      >
        {trans.__('Run All from Here')}
      </button>
    </div>
  );
}
