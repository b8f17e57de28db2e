import * as React from 'react';

import { usePanel } from './context';

/** How full the model's context is. */
export function ContextMeter(): React.JSX.Element | null {
  const { model, trans } = usePanel();
  const { used, window } = model.state.conversation.context;
  if (used === 0) {
    return null;
  }
  const tokens = used.toLocaleString();
  if (window === null) {
    return (
      <span
        className="jp-CodeAct-context jp-CodeAct-figure"
        title={trans.__('Tokens of the last prompt and its reply')}
      >
        {trans.__('Context: %1 tokens', tokens)}
      </span>
    );
  }
  const share = Math.min(1, used / window);
  const percent = Math.round(share * 100);
  return (
    <span
      className="jp-CodeAct-context jp-CodeAct-figure"
      role="meter"
      aria-label={trans.__('Context used')}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={percent}
      data-full={share > 0.8 || undefined}
      title={trans.__(
        'The conversation takes %1 of the %2 tokens that the model can hold. When they run out, what came first is summed up; a new conversation begins with none.',
        tokens,
        window.toLocaleString()
      )}
    >
      <span className="jp-CodeAct-contextBar">
        <span
          className="jp-CodeAct-contextShare"
          style={{ width: `${percent}%` }}
        />
      </span>
      {trans.__('%1 % of context', percent)}
    </span>
  );
}
