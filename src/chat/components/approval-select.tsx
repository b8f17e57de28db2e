import { HTMLSelect } from '@jupyterlab/ui-components';
import * as React from 'react';

import { Approval, APPROVALS, approvalText } from '../../approval';
import { usePanel } from './context';

/** Which of the agent's cells wait for approval in this notebook. */
export function ApprovalSelect(): React.JSX.Element {
  const { model, trans } = usePanel();
  const { approval } = model.state;
  return (
    <HTMLSelect
      className="jp-CodeAct-approvalSetting"
      aria-label={trans.__('Before running a cell')}
      title={trans.__(
        'Whether CodeAct asks you before it runs a cell in this notebook'
      )}
      disabled={approval === null}
      value={approval ?? ''}
      onChange={({ target }) =>
        model.actions?.setApproval(target.value as Approval)
      }
    >
      {approval === null && <option value="">…</option>}
      {APPROVALS.map(each => (
        <option key={each} value={each}>
          {approvalText(each, trans).label}
        </option>
      ))}
    </HTMLSelect>
  );
}
