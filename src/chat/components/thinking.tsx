import * as React from 'react';

import { IThought } from '../../session/thought';
import { usePanel } from './context';
import { useNow } from './now';

/** What the model thought before it replied, folded away under how long that took. */
export function Thinking(props: {
  text: string;
  thought: IThought | undefined;
  /** Whether the reply is still being written. */
  streaming: boolean;
}): React.JSX.Element {
  const { streaming, text, thought } = props;
  return (
    <details className="jp-CodeAct-thinking">
      <summary>
        <Summary thought={thought} streaming={streaming} />
      </summary>
      <div>{text}</div>
    </details>
  );
}

function Summary(props: {
  thought: IThought | undefined;
  streaming: boolean;
}): React.JSX.Element {
  const { isCounted, seconds, since, tokens } = props.thought ?? {};
  const { trans } = usePanel();
  const isThinking = props.streaming && (seconds ?? null) === null;
  const now = useNow(isThinking);
  const count =
    tokens &&
    (isCounted
      ? trans._n('%1 token', '%1 tokens', tokens)
      : trans._n('about %1 token', 'about %1 tokens', tokens));
  if (isThinking) {
    // The server's clock may be ahead of the page's.
    const passed = since ? Math.max(0, Math.floor(now / 1000 - since)) : null;
    const figures = [passed === null ? '' : trans.__('%1 s', passed), count];
    return (
      <span aria-live="off">
        {trans.__('Thinking…')} {figures.filter(Boolean).join(' · ')}
      </span>
    );
  }
  if (typeof seconds !== 'number') {
    return <>{trans.__('Thinking')}</>;
  }
  const took = trans.__('%1 s', seconds.toFixed(seconds < 10 ? 1 : 0));
  return (
    <>
      {count
        ? trans.__('Thought for %1 (%2)', took, count)
        : trans.__('Thought for %1', took)}
    </>
  );
}
