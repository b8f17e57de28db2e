import * as React from 'react';

import { IView } from '../view';
import { usePanel } from './context';

/** Says that something goes on where nothing else shows it. */
export function Working({ view }: { view: IView }): React.JSX.Element | null {
  const { model, trans } = usePanel();
  const { conversation, pending, stopping } = view;
  const { messages, running } = conversation;
  const last = messages[messages.length - 1];
  if (!running && pending === null) {
    return null;
  }
  const state = last?.action?.state;
  const isShown = last?.streaming || state === 'running' || state === 'asking';
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
