import * as React from 'react';

import { Ending, IMessage } from '../conversation';
import { ActionCard } from './action-card';
import { usePanel } from './context';
import { Markdown } from './markdown';
import { Notice } from './notice';

interface IProps {
  message: IMessage;
  isLast: boolean;
}

/** One message; drawn again only when it has changed itself. */
export const MessageItem = React.memo(function MessageItem(
  props: IProps
): React.JSX.Element {
  const { message, isLast } = props;
  const { body, action, ending, sender, time } = message;
  const { trans } = usePanel();
  if (ending) {
    return <EndingNotice ending={ending} isLast={isLast} />;
  }
  const isUser = sender === 'user';
  return (
    <div
      className={`jp-CodeAct-message jp-mod-${sender}`}
      data-message-id={message.id}
      data-sender={sender}
      title={new Date(time * 1000).toLocaleString()}
    >
      <span className="jp-CodeAct-sender">
        {isUser ? trans.__('You:') : trans.__('CodeAct:')}
      </span>
      {isUser ? body : body && <Markdown source={body} />}
      {action && <ActionCard action={action} />}
    </div>
  );
});

function EndingNotice(props: {
  ending: Ending;
  isLast: boolean;
}): React.JSX.Element {
  const { ending, message, turns, usage, seconds } = props.ending;
  const { trans } = usePanel();
  const figures = [
    trans._n('%1 turn', '%1 turns', turns),
    trans.__(
      '%1 tokens',
      (usage.prompt_tokens + usage.completion_tokens).toLocaleString()
    ),
    trans.__('%1 s', seconds.toFixed(1))
  ].join(' · ');
  const isQuiet = ending === 'answered' || ending === 'stopped';
  const fallback =
    ending === 'stopped'
      ? trans.__('Stopped.')
      : trans.__('CodeAct could not finish this.');
  return (
    <>
      {ending !== 'answered' && (
        // An old alert in a conversation that is only being shown again is not to be read out.
        <Notice tone={isQuiet ? 'note' : 'alert'} isSilent={!props.isLast}>
          {message || fallback}
        </Notice>
      )}
      <div className="jp-CodeAct-figures" data-ending={ending}>
        {figures}
      </div>
    </>
  );
}
