import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

/** What CodeAct offers below an error. */
export function ErrorActions(props: {
  fix: () => void;
  explain: () => void;
  trans: TranslationBundle;
}): React.JSX.Element {
  const { explain, fix, trans } = props;
  return (
    <div
      className="jp-CodeAct-cellErrorActions"
      role="group"
      aria-label={trans.__('Help with this error')}
    >
      <button
        className="jp-Button jp-mod-minimal"
        title={trans.__('Let CodeAct correct this cell')}
        onClick={fix}
      >
        {trans.__('Fix with CodeAct')}
      </button>
      <button
        className="jp-Button jp-mod-minimal"
        title={trans.__('Let CodeAct say what went wrong, and change nothing')}
        onClick={explain}
      >
        {trans.__('Explain')}
      </button>
    </div>
  );
}
