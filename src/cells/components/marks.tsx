import { TranslationBundle } from '@jupyterlab/translation';
import {
  checkIcon,
  circleEmptyIcon,
  closeIcon,
  editIcon,
  LabIcon,
  stopIcon
} from '@jupyterlab/ui-components';
import * as React from 'react';

import { differentIcon, lockIcon, skippedIcon } from '../../icons';
import { CellCheck } from '../../protocol';
import { ICellView } from '../cell-view';

/** The small marks beside a cell's editor. */
export function Marks(props: {
  view: ICellView;
  trans: TranslationBundle;
  showChanges: () => void;
}): React.JSX.Element {
  const { showChanges, trans, view } = props;
  const { check, hasChanges, isProtected, isWorking, waiting, written } = view;
  return (
    <>
      {isWorking && (
        <span
          className="jp-CodeAct-spinner"
          role="img"
          {...named(
            waiting
              ? trans.__(
                  '%1 waits for you at this cell',
                  waiting.agent ?? 'CodeAct'
                )
              : trans.__('CodeAct is working on this cell')
          )}
        />
      )}
      {check && <CheckMark check={check} trans={trans} />}
      {isProtected && (
        <Mark
          icon={lockIcon}
          kind="protected"
          label={trans.__('CodeAct never runs or edits this cell')}
        />
      )}
      {view.isSkipped && (
        <Mark
          icon={skippedIcon}
          kind="skipped"
          label={trans.__(
            'Skipped: CodeAct wrote this cell, and it did not run'
          )}
        />
      )}
      {written && !isWorking && (
        <WrittenMark
          label={
            written.agent
              ? trans.__('Written by %1', written.agent)
              : written.model
                ? trans.__('Written by CodeAct with %1', written.model)
                : trans.__('Written by CodeAct')
          }
          hint={trans.__('Click to see what changed')}
          onClick={hasChanges ? showChanges : undefined}
        />
      )}
    </>
  );
}

function WrittenMark(props: {
  label: string;
  hint: string;
  onClick?: () => void;
}): React.JSX.Element {
  const { hint, label, onClick } = props;
  if (!onClick) {
    return <Mark icon={editIcon} kind="written" label={label} />;
  }
  return (
    <button
      className="jp-CodeAct-cellMark jp-Button jp-mod-minimal"
      data-mark="written"
      title={`${label}\n${hint}`}
      aria-label={`${label}. ${hint}`}
      onClick={onClick}
    >
      <editIcon.react tag={null} />
    </button>
  );
}

const CHECK_ICONS: Record<Exclude<CellCheck['state'], 'running'>, LabIcon> = {
  waiting: circleEmptyIcon,
  same: checkIcon,
  different: differentIcon,
  failed: closeIcon,
  not_run: stopIcon
};

function CheckMark(props: {
  check: CellCheck;
  trans: TranslationBundle;
}): React.JSX.Element {
  const { check, trans } = props;
  const label = check.message || checkLabel(check.state, trans);
  if (check.state === 'running') {
    return (
      <span
        className="jp-CodeAct-spinner"
        data-mark="running"
        role="img"
        {...named(label)}
      />
    );
  }
  return (
    <Mark icon={CHECK_ICONS[check.state]} kind={check.state} label={label} />
  );
}

function Mark(props: {
  icon: LabIcon;
  kind: string;
  label: string;
}): React.JSX.Element {
  const { icon, kind, label } = props;
  return (
    <span
      className="jp-CodeAct-cellMark"
      data-mark={kind}
      role="img"
      {...named(label)}
    >
      <icon.react tag={null} />
    </span>
  );
}

/** The meaning of a mark, as tooltip and for screen readers. */
function named(label: string): { title: string; 'aria-label': string } {
  return { title: label, 'aria-label': label };
}

function checkLabel(
  state: CellCheck['state'],
  trans: TranslationBundle
): string {
  switch (state) {
    case 'waiting':
      return trans.__('Not checked yet');
    case 'running':
      return trans.__('Running in a fresh kernel');
    case 'same':
      return trans.__('Gives the same result in a fresh kernel');
    case 'different':
      return trans.__('Gives another result in a fresh kernel');
    case 'failed':
      return trans.__('Fails in a fresh kernel');
    case 'not_run':
      return trans.__('Was not run in the fresh kernel');
  }
}
