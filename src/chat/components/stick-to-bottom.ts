import * as React from 'react';

/** How near to the bottom, in pixels, counts as being there. */
const NEAR = 24;

/** Keep the end of a growing element in view, unless the user has scrolled up; after a new task, in any case. */
export function useStickToBottom(
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
