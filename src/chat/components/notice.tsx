import * as React from 'react';

import { INotice } from '../model';

/** A word to the user; an alert is read out at once, unless silent. */
export function Notice(props: {
  tone: INotice['tone'];
  isSilent?: boolean;
  children: React.ReactNode;
}): React.JSX.Element {
  const { tone, isSilent, children } = props;
  return (
    <div
      className={`jp-CodeAct-notice jp-mod-${tone}`}
      role={tone === 'alert' && !isSilent ? 'alert' : undefined}
    >
      {children}
    </div>
  );
}
