import * as React from 'react';

import { IView } from '../model';
import { usePanel } from './context';

/** Says that something goes on where nothing else shows it. */
export function Working({ view }: { view: IView }): React.JSX.Element | null {
  const { trans } = usePanel();
  const { conversation, pending, stopping } = view;
  const { messages, running } = conversation;
  const last = messages[messages.length - 1];
  if (!running && pending === null) {
    return null;
  }
  const isShown = last?.streaming || last?.action?.state === 'running';
  if (isShown && !stopping) {
    return null;
  }
  return (
    <div className="jp-CodeAct-working" role="status">
      <span className="jp-CodeAct-spinner" />
      {stopping ? trans.__('Stopping…') : trans.__('Thinking…')}
    </div>
  );
}
