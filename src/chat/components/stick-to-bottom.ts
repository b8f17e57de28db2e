import * as React from 'react';

/** How near to the bottom, in pixels, counts as being there. */
const NEAR = 24;
/** Milliseconds for which scrolling goes on after a key or a turn of the wheel. */
const SCROLLING = 500;

const SCROLL_KEYS = [
  'ArrowDown',
  'ArrowUp',
  'End',
  'Home',
  'PageDown',
  'PageUp',
  'Tab',
  ' '
];

/** The end of a growing element, kept in view. */
export interface IStick {
  readonly outer: React.RefObject<HTMLDivElement>;
  readonly inner: React.RefObject<HTMLDivElement>;
  /** Whether the end is out of view, since the user has scrolled away from it. */
  readonly isAway: boolean;
  /** Go to the end, and stay there. */
  goToEnd: () => void;
}

/**
 * Keep the end of a growing element in view, unless the user has scrolled away; after a new task, in any case.
 *
 * Scrolling is the user's only if it follows a wheel, a finger, a key or a drag of the scrollbar: whatever else moves
 * the element, such as a picture that loads or a panel that is shown again, does not lose the end.
 */
export function useStickToBottom(task: unknown): IStick {
  const outer = React.useRef<HTMLDivElement>(null);
  const inner = React.useRef<HTMLDivElement>(null);
  const isAtEnd = React.useRef(true);
  const [isAway, setAway] = React.useState(false);

  const goToEnd = React.useCallback(() => {
    const log = outer.current!;
    isAtEnd.current = true;
    setAway(false);
    log.scrollTop = log.scrollHeight;
  }, []);

  React.useLayoutEffect(() => {
    isAtEnd.current = true;
    setAway(false);
  }, [task]);

  React.useEffect(() => {
    const log = outer.current!;
    let lastMove = -Infinity;
    let isDragging = false;
    const onMove = () => {
      lastMove = performance.now();
    };
    const onKey = ({ key }: KeyboardEvent) => {
      if (SCROLL_KEYS.includes(key)) {
        onMove();
      }
    };
    const onPress = (event: PointerEvent) => {
      // Beside the content is the scrollbar.
      isDragging = event.target === log && event.offsetX >= log.clientWidth;
    };
    const onPointer = ({ buttons }: PointerEvent) => {
      isDragging = isDragging && buttons !== 0;
    };
    const onScroll = () => {
      if (isDragging || performance.now() - lastMove < SCROLLING) {
        isAtEnd.current =
          log.scrollHeight - log.scrollTop - log.clientHeight < NEAR;
        setAway(!isAtEnd.current);
      }
    };
    const stick = new ResizeObserver(() => {
      if (isAtEnd.current) {
        log.scrollTop = log.scrollHeight;
      }
    });
    stick.observe(log);
    stick.observe(inner.current!);
    const listeners = [
      ['wheel', onMove],
      ['touchmove', onMove],
      ['keydown', onKey],
      ['pointerdown', onPress],
      ['scroll', onScroll]
    ] as [string, EventListener][];
    for (const [type, listener] of listeners) {
      log.addEventListener(type, listener, { passive: true });
    }
    document.addEventListener('pointermove', onPointer);
    return () => {
      stick.disconnect();
      listeners.forEach(([type, listener]) =>
        log.removeEventListener(type, listener)
      );
      document.removeEventListener('pointermove', onPointer);
    };
  }, []);

  return { outer, inner, isAway, goToEnd };
}
