import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { ModelStatus } from '../../protocol';
import { usePanel } from './context';

/** Which model works here, and how it is. */
export function ModelLine(props: {
  status: ModelStatus | null;
  /** Whether the conversation already ends with its message. */
  isSaid: boolean;
}): React.JSX.Element | null {
  const { trans } = usePanel();
  const { isSaid, status } = props;
  if (!status) {
    return null;
  }
  const { message, model, progress, state } = status;
  const isBad = state === 'failed' || state === 'absent';
  const words = stateWords(state, trans);
  const isUnderWay = state === 'downloading' || state === 'loading';
  return (
    <div
      className="jp-CodeAct-model"
      data-state={state}
      role={isBad && !isSaid ? 'alert' : 'status'}
      aria-label={trans.__('Model')}
    >
      <div className="jp-CodeAct-modelWords">
        <span className="jp-CodeAct-modelName" title={model}>
          {model}
        </span>
        {words && <span className="jp-CodeAct-modelState">{words}</span>}
        {isUnderWay && progress !== null && (
          <span className="jp-CodeAct-percent">
            {trans.__('%1 %', Math.floor(progress * 100))}
          </span>
        )}
      </div>
      {isUnderWay && (
        <progress
          value={progress ?? undefined}
          aria-label={words ?? undefined}
        />
      )}
      {message && !isSaid && (
        <div className="jp-CodeAct-modelMessage">{message}</div>
      )}
    </div>
  );
}

function stateWords(
  state: ModelStatus['state'],
  trans: TranslationBundle
): string | null {
  switch (state) {
    case 'absent':
      return trans.__('not on this machine');
    case 'downloading':
      return trans.__('downloading');
    case 'loading':
      return trans.__('loading');
    case 'failed':
      return trans.__('failed');
    case 'ready':
    case 'busy':
    case 'stopped':
      // Nothing that the user has to know: the conversation shows when it is at work.
      return null;
  }
}
