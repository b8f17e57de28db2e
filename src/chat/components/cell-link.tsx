import * as React from 'react';

import { cellLabel } from '../../session/attachments';
import { usePanel } from './context';

/** Names a cell, by the number that it shows once it ran, and leads to it. */
export function CellLink(props: {
  cellId: string;
  count: number | null;
}): React.JSX.Element {
  const { cellId, count } = props;
  const { model, trans } = usePanel();
  const index = count === null ? model.indexOfCell(cellId) : -1;
  return (
    <button
      type="button"
      className="jp-CodeAct-jump jp-Button jp-mod-minimal"
      title={trans.__('Go to Cell')}
      onClick={() => void model.jumpToCell(cellId)}
    >
      {cellLabel({ count, index }, trans)}
    </button>
  );
}
