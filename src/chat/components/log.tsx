import * as React from 'react';

import { before, IMessage } from '../../session/messages';
import { ISessionState } from '../../session/state';
import { Chips } from './chips';
import { usePanel } from './context';
import { FirstScreen } from './first-screen';
import { MessageItem } from './message-item';
import { PassingNotice } from './notice';
import { useStickToBottom } from './stick-to-bottom';
import { Working } from './working';

/** How many messages are drawn at first, and again each time the user scrolls to the first of them. */
const PORTION = 60;

/** The conversation, which scrolls along while the user is at its end. */
export function Log({ state }: { state: ISessionState }): React.JSX.Element {
  const { model, trans } = usePanel();
  const { conversation, notices, pending, resolving } = state;
  const notice = notices.chat;
  const messages = before(conversation.messages, pending?.replaces ?? null);
  const kept = before(messages, model.composer.draft.editing).length;
  const last = messages[messages.length - 1];
  const [outer, inner] = useStickToBottom(pending);
  const [first, showMore] = useWindow(messages, outer);
  const { isBusy } = model;
  return (
    <div
      ref={outer}
      className="jp-CodeAct-log"
      role="log"
      aria-label={trans.__('Conversation')}
      // What is worth reading out is announced beside it, once.
      aria-live="off"
      aria-busy={last?.streaming ?? false}
      tabIndex={0}
    >
      <div ref={inner} className="jp-CodeAct-messages">
        {model.isFresh && !notice && <FirstScreen />}
        {first > 0 && (
          <button
            type="button"
            className="jp-CodeAct-earlier jp-Button jp-mod-minimal"
            onClick={showMore}
          >
            {trans.__('Show earlier messages')}
          </button>
        )}
        {messages.slice(first).map((message, index) => (
          <MessageItem
            key={message.id}
            message={message}
            isReplaced={first + index >= kept}
            isLast={message === last}
            isBusy={isBusy}
            resolving={message.action?.state === 'asking' ? resolving : null}
          />
        ))}
        {pending !== null && (
          <div className="jp-CodeAct-message jp-mod-user jp-mod-pending">
            <div className="jp-CodeAct-bubble">
              {pending.task}
              <Chips attachments={pending.attachments} />
            </div>
          </div>
        )}
        <Working state={state} />
        {notice && (
          <PassingNotice
            notice={notice}
            onDismiss={() => model.actions?.dismissNotice()}
          />
        )}
      </div>
    </div>
  );
}

/** The index of the first message to draw, and a function that draws more. */
function useWindow(
  messages: readonly IMessage[],
  log: React.RefObject<HTMLElement>
): [number, () => void] {
  // Counted from the beginning, so that nothing vanishes at the top while the conversation grows.
  const [first, setFirst] = React.useState<number | null>(null);
  const start = Math.max(0, messages.length - PORTION);
  const shown = Math.min(first ?? start, start);
  const height = React.useRef<number | null>(null);

  const showMore = () => {
    height.current = log.current!.scrollHeight - log.current!.scrollTop;
    setFirst(Math.max(0, shown - PORTION));
  };

  React.useLayoutEffect(() => {
    if (first === null && messages.length > 0) {
      setFirst(start);
    }
  }, [first, messages.length, start]);

  // What the user looks at stays where it is.
  React.useLayoutEffect(() => {
    if (height.current !== null) {
      log.current!.scrollTop = log.current!.scrollHeight - height.current;
      height.current = null;
    }
  }, [log, shown]);

  return [shown, showMore];
}
