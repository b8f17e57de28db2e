import { PathExt } from '@jupyterlab/coreutils';
import { addIcon, UseSignal } from '@jupyterlab/ui-components';
import * as React from 'react';

import { Composer } from './composer';
import { usePanel } from './context';
import { Log } from './log';
import { ModelLine } from './model-line';

/** The whole panel, drawn anew whenever its model changes. */
export function Chat(): React.JSX.Element {
  const { model } = usePanel();
  return (
    <UseSignal signal={model.changed}>
      {() => (
        <>
          <Header />
          <Log key={model.path} view={model.view} />
          <ModelLine
            status={model.modelStatus}
            isSaid={model.isModelTroubleSaid}
          />
          <Composer />
        </>
      )}
    </UseSignal>
  );
}

function Header(): React.JSX.Element {
  const { model, trans } = usePanel();
  const { path } = model;
  return (
    <div className="jp-CodeAct-header">
      <span className="jp-CodeAct-notebook" title={path ?? undefined}>
        {path === null ? trans.__('CodeAct') : PathExt.basename(path)}
      </span>
      <button
        className="jp-CodeAct-newConversation jp-Button jp-mod-minimal"
        title={trans.__('New conversation')}
        aria-label={trans.__('New conversation')}
        disabled={path === null || model.isRunning}
        onClick={() => model.newConversation()}
      >
        <addIcon.react tag={null} />
      </button>
    </div>
  );
}
