import * as React from 'react';

/** The time in milliseconds, every second anew while it counts. */
export function useNow(isCounting: boolean): number {
  const [now, setNow] = React.useState(() => Date.now());
  React.useEffect(() => {
    if (!isCounting) {
      return;
    }
    const timer = window.setInterval(() => setNow(Date.now()), 1000);
    return () => window.clearInterval(timer);
  }, [isCounting]);
  return now;
}
