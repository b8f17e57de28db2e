import * as React from 'react';

import { isRunning, lastMessage } from '../../session/selectors';
import { ISessionState } from '../../session/state';
import { usePanel } from './context';

/** Says that CodeAct is at work where nothing else shows it. */
export function Working({
  state
}: {
  state: ISessionState;
}): React.JSX.Element | null {
  const { model, trans } = usePanel();
  const { stopping } = state;
  if (!isRunning(state)) {
    return null;
  }
  const { action, body, code, thinking, question, streaming } =
    lastMessage(state) ?? {};
  const isShown =
    (streaming && (body || code || thinking)) ||
    action?.state === 'running' ||
    action?.state === 'asking' ||
    question?.state === 'waiting';
  if (isShown && !stopping) {
    return null;
  }
  return (
    <div className="jp-CodeAct-working" role="status">
      <span className="jp-CodeAct-spinner" />
      {stopping
        ? trans.__('Stopping…')
        : model.models.isComing
          ? trans.__('Waiting for the model…')
          : trans.__('Thinking…')}
    </div>
  );
}
