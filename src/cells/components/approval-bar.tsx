import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { IWaitingCell } from '../../session/selectors';

/** What the user can do about a cell that waits for approval. */
export interface IApproval {
  approve(): void;
  approveRest(): void;
  edit(): void;
  skip(): void;
}

/** The bar below a cell that is written but has not run. */
export function ApprovalBar(props: {
  approval: IApproval;
  waiting: IWaitingCell;
  trans: TranslationBundle;
}): React.JSX.Element {
  const { approval, trans, waiting } = props;
  const { isCall, isResolving, reasons } = waiting;
  const agent = waiting.agent ?? 'CodeAct';
  const title = isCall
    ? trans.__('%1 wants to move or delete this cell', agent)
    : trans.__('%1 wants to run this cell', agent);
  return (
    <div role="group" aria-label={title}>
      <div className="jp-CodeAct-cellApprovalText" role="status">
        <span className="jp-CodeAct-cellApprovalTitle">{title}</span>
        {reasons.length > 0 && (
          <ul aria-label={trans.__('Why it asks')}>
            {reasons.map(reason => (
              <li key={reason}>{reason}</li>
            ))}
          </ul>
        )}
      </div>
      <div className="jp-CodeAct-cellApprovalButtons">
        <button
          className="jp-Button jp-mod-styled jp-mod-accept"
          title={
            isCall
              ? trans.__('Let %1 do it; undoing the run takes it back', agent)
              : trans.__('Run this cell as it is now (Shift+Enter)')
          }
          disabled={isResolving}
          onClick={() => approval.approve()}
        >
          {isCall ? trans.__('Allow') : trans.__('Run')}
        </button>
        {!isCall && (
          <button
            className="jp-Button jp-mod-styled"
            title={trans.__('Change the cell first; it runs as you leave it')}
            disabled={isResolving}
            onClick={() => approval.edit()}
          >
            {trans.__('Edit')}
          </button>
        )}
        <button
          className="jp-Button jp-mod-styled"
          title={
            isCall
              ? trans.__('Leave the cell alone, and tell CodeAct so')
              : trans.__(
                  'Do not run this cell, and tell CodeAct that you skipped it'
                )
          }
          disabled={isResolving}
          onClick={() => approval.skip()}
        >
          {trans.__('Skip')}
        </button>
        <button
          className="jp-Button jp-mod-styled"
          title={
            isCall
              ? trans.__(
                  'Allow this and all that CodeAct does after it for this task, without asking again'
                )
              : trans.__(
                  'Run this cell and all that CodeAct writes after it for this task, without asking again'
                )
          }
          disabled={isResolving}
          onClick={() => approval.approveRest()}
        >
          {isCall
            ? trans.__('Allow All from Here')
            : trans.__('Run All from Here')}
        </button>
      </div>
    </div>
  );
}
