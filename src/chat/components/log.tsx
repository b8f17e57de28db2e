import * as React from 'react';

import { codeActIcon } from '../../icons';
import { IView } from '../model';
import { usePanel } from './context';
import { MessageItem } from './message-item';
import { Notice } from './notice';
import { Working } from './working';

/** How near to the bottom, in pixels, counts as being there. */
const NEAR = 24;

/** The conversation, scrolling along as long as the user is at its end. */
export function Log({ view }: { view: IView }): React.JSX.Element {
  const { trans } = usePanel();
  const { conversation, notice, pending } = view;
  const { messages } = conversation;
  const last = messages[messages.length - 1];
  const [outer, inner] = useStickToBottom(pending);
  return (
    <div
      ref={outer}
      className="jp-CodeAct-log"
      role="log"
      aria-label={trans.__('Conversation')}
      aria-live="polite"
      aria-busy={last?.streaming ?? false}
      tabIndex={0}
    >
      <div ref={inner} className="jp-CodeAct-messages">
        {messages.length === 0 && pending === null && <Hint />}
        {messages.map(message => (
          <MessageItem
            key={message.id}
            message={message}
            isLast={message === last}
          />
        ))}
        {pending !== null && (
          <div className="jp-CodeAct-message jp-mod-user jp-mod-pending">
            {pending}
          </div>
        )}
        <Working view={view} />
        {notice && <Notice tone={notice.tone}>{notice.text}</Notice>}
      </div>
    </div>
  );
}

function Hint(): React.JSX.Element {
  const { model, trans } = usePanel();
  return (
    <div className="jp-CodeAct-hint">
      <codeActIcon.react tag="div" height="32px" width="32px" />
      <p>
        {model.path === null
          ? trans.__('Open a notebook, and ask CodeAct to work in it.')
          : trans.__(
              'Say what you want to know or have done. CodeAct writes the cells and runs them here, in your notebook.'
            )}
      </p>
    </div>
  );
}

/** Keep the end of a growing element in view, unless the user has scrolled up; and after a new task anyway. */
function useStickToBottom(
  task: unknown
): [React.RefObject<HTMLDivElement>, React.RefObject<HTMLDivElement>] {
  const outer = React.useRef<HTMLDivElement>(null);
  const inner = React.useRef<HTMLDivElement>(null);
  const isAtEnd = React.useRef(true);

  React.useLayoutEffect(() => {
    isAtEnd.current = true;
  }, [task]);

  React.useEffect(() => {
    const log = outer.current!;
    let height = 0;
    const onScroll = () => {
      // Scrolling that comes of a changed height is not the user's.
      if (log.clientHeight === height) {
        isAtEnd.current =
          log.scrollHeight - log.scrollTop - log.clientHeight < NEAR;
      }
    };
    const stick = new ResizeObserver(() => {
      height = log.clientHeight;
      if (isAtEnd.current) {
        log.scrollTop = log.scrollHeight;
      }
    });
    stick.observe(log);
    stick.observe(inner.current!);
    log.addEventListener('scroll', onScroll);
    return () => {
      stick.disconnect();
      log.removeEventListener('scroll', onScroll);
    };
  }, []);

  return [outer, inner];
}
