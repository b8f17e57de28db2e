import { TranslationBundle } from '@jupyterlab/translation';
import { checkIcon, closeIcon, infoIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import { CellCheck, Checking } from '../../protocol';
import { cellName } from '../../session/attachments';
import { checkAt } from '../../session/selectors';
import { usePanel } from './context';
import { IconButton } from './icon-button';
import { useRoving } from './roving';

/** The progress of a check of the notebook, and what it found. */
export function CheckCard(): React.JSX.Element | null {
  const { model, trans } = usePanel();
  const check = checkAt(model.state, 'chat');
  if (!check) {
    return null;
  }
  const isOver = check.reproduces !== null;
  return (
    <section
      className="jp-CodeAct-checkCard"
      data-reproduces={check.reproduces ?? undefined}
      aria-label={trans.__('Check')}
    >
      <div className="jp-CodeAct-checkHeader">
        <CheckIcon check={check} />
        <span role="status">
          {isOver ? check.message : trans.__('Checking…')}
        </span>
        {isOver ? (
          <IconButton
            icon={closeIcon}
            label={trans.__('Dismiss')}
            onClick={() => model.actions?.clearCheck()}
          />
        ) : (
          <button
            type="button"
            className="jp-Button jp-mod-styled jp-mod-reject"
            onClick={() => model.actions?.stopCheck()}
          >
            {trans.__('Stop Check')}
          </button>
        )}
      </div>
      {!isOver && <Progress check={check} />}
      <Findings cells={check.cells} />
    </section>
  );
}

function CheckIcon({ check }: { check: Checking }): React.JSX.Element {
  if (check.reproduces === null) {
    return <span className="jp-CodeAct-spinner" />;
  }
  const Icon = (check.reproduces ? checkIcon : infoIcon).react;
  return <Icon tag="span" className="jp-CodeAct-stateIcon" />;
}

function Progress({ check }: { check: Checking }): React.JSX.Element {
  const { trans } = usePanel();
  const { cells, message } = check;
  const done = cells.filter(
    ({ state }) => state !== 'waiting' && state !== 'running'
  ).length;
  return (
    <>
      <progress
        value={cells.length > 0 ? done / cells.length : undefined}
        aria-label={trans.__('Cells checked')}
      />
      <div className="jp-CodeAct-rowDetail">
        {message || trans.__('%1 of %2 cells', done, cells.length)}
      </div>
    </>
  );
}

/** The cells that gave another result than before, or none. */
function Findings({
  cells
}: {
  cells: readonly CellCheck[];
}): React.JSX.Element | null {
  const { model, trans } = usePanel();
  const list = useRoving<HTMLUListElement>();
  const found = cells.filter(
    ({ state }) =>
      state === 'different' || state === 'failed' || state === 'not_run'
  );
  return (
    <ul ref={list} className="jp-CodeAct-list" hidden={found.length === 0}>
      {found.map(({ cell_id, message, state }) => {
        const index = model.indexOfCell(cell_id);
        return (
          <li key={cell_id} className="jp-CodeAct-row" data-row>
            <button
              type="button"
              className="jp-CodeAct-rowMain jp-Button jp-mod-minimal"
              title={trans.__('Show this cell in the notebook')}
              data-check={state}
              onClick={() => void model.jumpToCell(cell_id)}
            >
              <span className="jp-CodeAct-rowTitle">
                {index < 0 ? trans.__('deleted cell') : cellName(index, trans)}
                <span className="jp-CodeAct-checkState">
                  {stateLabel(state, trans)}
                </span>
              </span>
              {message && (
                <span className="jp-CodeAct-rowDetail">{message}</span>
              )}
            </button>
          </li>
        );
      })}
    </ul>
  );
}

function stateLabel(
  state: CellCheck['state'],
  trans: TranslationBundle
): string {
  switch (state) {
    case 'different':
      return trans.__('different');
    case 'failed':
      return trans.__('failed');
    case 'not_run':
      return trans.__('not run');
    case 'waiting':
    case 'running':
    case 'same':
      return '';
  }
}
