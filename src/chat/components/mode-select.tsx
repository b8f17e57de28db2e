import { HTMLSelect } from '@jupyterlab/ui-components';
import * as React from 'react';

import { Mode, MODES, modeWords } from '../../modes';
import { usePanel } from './context';

/** Which of the agent's cells wait for the user in this notebook. */
export function ModeSelect(): React.JSX.Element {
  const { model, trans } = usePanel();
  const { mode } = model.view;
  return (
    <HTMLSelect
      className="jp-CodeAct-mode"
      aria-label={trans.__('Before running a cell')}
      title={trans.__(
        'Whether CodeAct asks you before it runs a cell in this notebook'
      )}
      disabled={mode === null}
      value={mode ?? ''}
      onChange={({ target }) => model.setMode(target.value as Mode)}
    >
      {mode === null && <option value="">…</option>}
      {MODES.map(each => (
        <option key={each} value={each}>
          {modeWords(each, trans).short}
        </option>
      ))}
    </HTMLSelect>
  );
}
