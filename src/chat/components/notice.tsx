import { closeIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import { INotice } from '../../session/state';
import { usePanel } from './context';
import { IconButton } from './icon-button';

/** A sentence for the user; an alert is read out at once, unless silent. */
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

/** A sentence for the user that they can dismiss. */
export function PassingNotice(props: {
  notice: INotice;
  onDismiss: () => void;
}): React.JSX.Element {
  const { notice, onDismiss } = props;
  const { trans } = usePanel();
  return (
    <div className="jp-CodeAct-passing">
      <Notice tone={notice.tone}>{notice.text}</Notice>
      <IconButton
        icon={closeIcon}
        label={trans.__('Dismiss')}
        onClick={onDismiss}
      />
    </div>
  );
}
