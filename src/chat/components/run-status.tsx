import * as React from 'react';

import { isRunning, lastMessage } from '../../session/selectors';
import { ISessionState } from '../../session/state';
import { runStatus } from '../run-status';
import { CellLink } from './cell-link';
import { usePanel } from './context';
import { useNow } from './now';

/** What the run under way does, for how long, and Stop; it stays in view while the run is scrolled. */
export function RunStatus({
  state
}: {
  state: ISessionState;
}): React.JSX.Element | null {
  const { focusComposer, model, trans } = usePanel();
  const isShown = isRunning(state);
  const now = useNow(isShown);
  if (!isShown) {
    return null;
  }
  const { pending, stopping } = state;
  const step = pending === null ? state.conversation.turn : 0;
  const cellId = lastMessage(state)?.action?.cellId;
  const cell = cellId ? model.runningCell(cellId) : null;
  const status = runStatus(state, cell, model.models.isComing, trans);
  // The server's clock may be ahead of the page's.
  const seconds =
    status.since === null
      ? null
      : Math.max(0, Math.floor(now / 1000 - status.since));
  return (
    // What is worth reading out is announced elsewhere.
    <div
      className="jp-CodeAct-status"
      data-needs-user={status.needsUser || undefined}
      role="group"
      aria-label={trans.__('Run under way')}
    >
      <span className="jp-CodeAct-spinner" />
      <span className="jp-CodeAct-statusText">
        {step > 0 && trans.__('Step %1 · ', step)}
        {status.text}
        {status.cellId && !status.needsUser && (
          <>
            {' '}
            <CellLink cellId={status.cellId} count={null} />
          </>
        )}
        {seconds !== null && seconds > 0 && trans.__(' · %1 s', seconds)}
      </span>
      {status.cellId && status.needsUser && (
        <button
          type="button"
          className="jp-CodeAct-statusButton jp-Button jp-mod-minimal"
          title={trans.__('Show this cell in the notebook')}
          onClick={() => void model.jumpToCell(status.cellId!)}
        >
          {trans.__('Show')}
        </button>
      )}
      <button
        type="button"
        className="jp-CodeAct-statusButton jp-Button jp-mod-minimal"
        title={trans.__('Stop this run (Esc Esc)')}
        aria-label={trans.__('Stop this run')}
        disabled={stopping}
        onClick={() => {
          // The button goes away; the focus should not.
          focusComposer();
          model.stop();
        }}
      >
        {trans.__('Stop')}
      </button>
    </div>
  );
}
