import { HTMLSelect } from '@jupyterlab/ui-components';
import * as React from 'react';

import { Approval, APPROVALS, approvalText } from '../../approval';
import { usePanel } from './context';

/** Stands for a setting of the run under way, which the user can only leave. */
const OF_RUN = 'run';

/** Which of the agent's cells wait for approval in this notebook. */
export function ApprovalSelect(): React.JSX.Element {
  const { model, trans } = usePanel();
  const { approval, isApprovalForRun } = model.state;
  return (
    <HTMLSelect
      className="jp-CodeAct-approvalSetting"
      aria-label={trans.__('Before running a cell')}
      title={trans.__(
        'Whether CodeAct asks you before it runs a cell in this notebook'
      )}
      disabled={approval === null}
      value={isApprovalForRun ? OF_RUN : (approval ?? '')}
      onChange={({ target }) =>
        model.actions?.setApproval(target.value as Approval)
      }
    >
      {approval === null && <option value="">…</option>}
      {approval !== null && isApprovalForRun && (
        <option value={OF_RUN}>
          {approvalText(approval, trans, true).label}
        </option>
      )}
      {APPROVALS.map(each => (
        <option key={each} value={each}>
          {approvalText(each, trans).label}
        </option>
      ))}
    </HTMLSelect>
  );
}
