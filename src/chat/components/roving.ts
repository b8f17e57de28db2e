import * as React from 'react';

const STEPS: Record<string, [number, number]> = {
  ArrowDown: [1, 0],
  ArrowUp: [-1, 0],
  ArrowRight: [0, 1],
  ArrowLeft: [0, -1]
};

/**
 * Make the buttons in an element one stop of the Tab key; the arrow keys go from one to the next.
 *
 * Buttons in the same `[data-row]` are side by side, those without are a row of their own.
 */
export function useRoving<T extends HTMLElement>(): React.RefObject<T> {
  const ref = React.useRef<T>(null);

  // After every drawing, as the buttons may be others now.
  React.useLayoutEffect(() => {
    const buttons = ref.current ? buttonsIn(ref.current) : [];
    const current =
      buttons.find(button => button === document.activeElement) ??
      buttons.find(({ tabIndex }) => tabIndex === 0);
    makeStop(buttons, current ?? buttons[0]);
  });

  React.useEffect(() => (ref.current ? rove(ref.current) : undefined), []);
  return ref;
}

/** As `useRoving`, for an element that React does not draw. Returns a function that ends it. */
export function rove(root: HTMLElement): () => void {
  const onFocus = (event: FocusEvent) => {
    const buttons = buttonsIn(root);
    const focused = buttons.find(button => button === event.target);
    if (focused) {
      makeStop(buttons, focused);
    }
  };
  const onKey = (event: KeyboardEvent) => {
    const next = nextOf(root, event);
    if (next) {
      event.preventDefault();
      event.stopPropagation();
      next.focus();
    }
  };
  root.addEventListener('focusin', onFocus);
  root.addEventListener('keydown', onKey);
  return () => {
    root.removeEventListener('focusin', onFocus);
    root.removeEventListener('keydown', onKey);
  };
}

function nextOf(root: HTMLElement, event: KeyboardEvent): HTMLElement | null {
  const rows = [...root.querySelectorAll<HTMLElement>('[data-row]')].map(
    buttonsIn
  );
  const all = rows.length > 0 ? rows : [buttonsIn(root)];
  const y = all.findIndex(row => row.includes(event.target as never));
  const x = all[y]?.indexOf(event.target as never);
  if (y < 0 || event.ctrlKey || event.altKey || event.metaKey) {
    return null;
  }
  if (event.key === 'Home' || event.key === 'End') {
    return (event.key === 'Home' ? all[0] : all[all.length - 1])[0];
  }
  const [down, right] = STEPS[event.key] ?? [0, 0];
  const row = all[y + down];
  return (down || right) && row
    ? (row[Math.min(x, row.length - 1) + right] ?? null)
    : null;
}

function buttonsIn(element: HTMLElement): HTMLButtonElement[] {
  return [...element.querySelectorAll('button')].filter(
    ({ disabled }) => !disabled
  );
}

function makeStop(
  buttons: HTMLButtonElement[],
  stop: HTMLButtonElement | undefined
): void {
  for (const button of buttons) {
    button.tabIndex = button === stop ? 0 : -1;
  }
}
