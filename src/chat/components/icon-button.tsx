import { LabIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

/** A button that is an icon, with its name as tooltip and for screen readers. */
export function IconButton(props: {
  icon: LabIcon;
  label: string;
  onClick: () => void;
  disabled?: boolean;
  className?: string;
}): React.JSX.Element {
  const { className = '', disabled, icon, label, onClick } = props;
  return (
    <button
      type="button"
      className={`jp-CodeAct-iconButton jp-Button jp-mod-minimal ${className}`}
      title={label}
      aria-label={label}
      disabled={disabled}
      onClick={onClick}
    >
      <icon.react tag={null} />
    </button>
  );
}
