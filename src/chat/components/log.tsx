import * as React from 'react';

import { before, IMessage } from '../../session/messages';
import { ISessionState } from '../../session/state';
import { Chips } from './chips';
import { usePanel } from './context';
import { FirstScreen } from './first-screen';
import { MessageItem } from './message-item';
import { NextSteps } from './next-steps';
import { PassingNotice } from './notice';
import { RunStatus } from './run-status';
import { useStickToBottom } from './stick-to-bottom';

/** How many messages are drawn at first, and again each time the user scrolls to the first of them. */
const PORTION = 60;

interface IProps {
  state: ISessionState;
  /** The run whose task is being edited, and what came after it, will be replaced. */
  editing: string | null;
  /** Whether nothing can be asked now. */
  isBusy: boolean;
}

/** The conversation, a block for each run; it scrolls along until the user scrolls away from its end. */
export const Log = React.memo(function Log(props: IProps): React.JSX.Element {
  const { editing, isBusy, state } = props;
  const { model, trans } = usePanel();
  const { conversation, notices, pending, resolving } = state;
  const notice = notices.chat;
  const messages = React.useMemo(
    () => before(conversation.messages, pending?.replaces ?? null),
    [conversation.messages, pending]
  );
  const kept = before(messages, editing).length;
  const last = messages[messages.length - 1];
  const { goToEnd, inner, isAway, outer } = useStickToBottom(pending);
  const [first, showMore] = useWindow(messages, outer);
  const runs = byRun(messages.slice(first));
  const isRunOpen = conversation.running && pending === null;
  return (
    <div className="jp-CodeAct-logFrame">
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
          {runs.map((run, index) => (
            <section key={run[0].id} className="jp-CodeAct-run">
              {isRunOpen && index === runs.length - 1 && (
                <RunStatus state={state} />
              )}
              {run.map(message => (
                <MessageItem
                  key={message.id}
                  message={message}
                  isReplaced={messages.indexOf(message) >= kept}
                  isLast={message === last}
                  isBusy={isBusy}
                  resolving={
                    message.action?.state === 'asking' ? resolving : null
                  }
                />
              ))}
            </section>
          ))}
          {pending !== null && (
            <section className="jp-CodeAct-run">
              <RunStatus state={state} />
              <div className="jp-CodeAct-message jp-mod-user jp-mod-pending">
                <div className="jp-CodeAct-bubble">
                  {pending.task}
                  <Chips attachments={pending.attachments} />
                </div>
              </div>
            </section>
          )}
          {!isBusy && pending === null && <NextSteps messages={messages} />}
          {notice && (
            <PassingNotice
              notice={notice}
              onDismiss={() => model.actions?.dismissNotice()}
            />
          )}
        </div>
      </div>
      {isAway && (
        <button
          type="button"
          className="jp-CodeAct-latest jp-Button jp-mod-styled"
          onClick={() => {
            outer.current!.focus();
            goToEnd();
          }}
        >
          {trans.__('↓ Latest')}
        </button>
      )}
    </div>
  );
});

/** The messages of each run together, in their order. */
function byRun(messages: readonly IMessage[]): readonly IMessage[][] {
  const runs: IMessage[][] = [];
  for (const message of messages) {
    const last = runs[runs.length - 1];
    if (last?.[0].run === message.run) {
      last.push(message);
    } else {
      runs.push([message]);
    }
  }
  return runs;
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
