import * as React from 'react';

import { IAction } from '../action';
import { usePanel } from './context';

/** What the user can say to a cell that waits for their word; what the cell holds by then is what runs. */
export function Approval(props: {
  run: string;
  action: IAction;
}): React.JSX.Element {
  const { action, run } = props;
  const { model, trans } = usePanel();
  const isAnswered = model.view.answered === `${run} ${action.asked?.sha256}`;
  const decide =
    (approved: boolean, rest = false) =>
    () =>
      model.decide(run, action, approved, rest);
  return (
    <div
      className="jp-CodeAct-approval"
      role="group"
      aria-label={trans.__('Run this cell?')}
    >
      <button
        type="button"
        className="jp-Button jp-mod-styled jp-mod-accept"
        disabled={isAnswered}
        onClick={decide(true)}
      >
        {trans.__('Run')}
      </button>
      <button
        type="button"
        className="jp-Button jp-mod-styled jp-mod-reject"
        disabled={isAnswered}
        onClick={decide(false)}
      >
        {trans.__('Skip')}
      </button>
      <button
        type="button"
        className="jp-Button jp-mod-styled jp-mod-reject"
        title={trans.__('Run this cell and all others of this run')}
        disabled={isAnswered}
        onClick={decide(true, true)}
      >
        {trans.__('Run All from Here')}
      </button>
    </div>
  );
}
