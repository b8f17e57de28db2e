import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { ModelStatus } from '../../protocol';
import { usePanel } from './context';

/** The chosen model and its state, with buttons that help if something is wrong. */
export function ModelLine(): React.JSX.Element | null {
  const { model, trans } = usePanel();
  const { models, isModelErrorShown } = model;
  const { problem, status } = models;
  if (!status) {
    return null;
  }
  const { message, model: name, progress, state, where } = status;
  const label = stateLabel(state, trans);
  return (
    <div
      className="jp-CodeAct-model"
      data-state={state}
      role="group"
      aria-label={trans.__('Model')}
    >
      <div className="jp-CodeAct-modelText">
        <button
          type="button"
          className="jp-CodeAct-modelButton jp-Button jp-mod-minimal"
          title={trans.__('Choose a model')}
          onClick={() => model.open('models')}
        >
          <span className="jp-CodeAct-modelName">
            {name || trans.__('No model')}
          </span>
          {/* An endpoint whose model has no name goes by its address. */}
          {where && where !== name && (
            <span className="jp-CodeAct-modelWhere">{where}</span>
          )}
        </button>
        {label && <span className="jp-CodeAct-modelState">{label}</span>}
        {models.isComing && progress !== null && (
          <span className="jp-CodeAct-percent">
            {trans.__('%1 %', Math.floor(progress * 100))}
          </span>
        )}
      </div>
      {models.isComing && (
        <progress
          value={progress ?? undefined}
          aria-label={label ?? undefined}
        />
      )}
      {message && !isModelErrorShown && (
        <div className="jp-CodeAct-modelMessage">{message}</div>
      )}
      {problem && (
        <div className="jp-CodeAct-modelMessage" role="alert">
          {problem}
        </div>
      )}
      <Help state={state} />
      <div className="jp-CodeAct-sender" role="status">
        {/* Announced once for each state, not for each percent. */}
        {label && `${name}: ${label}`}
      </div>
    </div>
  );
}

/** The buttons that help in a state. */
function Help({
  state
}: {
  state: ModelStatus['state'];
}): React.JSX.Element | null {
  const { model, trans } = usePanel();
  const { models } = model;
  const choose = (
    <button
      type="button"
      className="jp-Button jp-mod-styled jp-mod-reject"
      onClick={() => model.open('models')}
    >
      {trans.__('Choose Another Model')}
    </button>
  );
  const start = (text: string) => (
    <button
      type="button"
      className="jp-Button jp-mod-styled jp-mod-accept"
      onClick={() => models.start()}
    >
      {text}
    </button>
  );
  switch (state) {
    case 'failed':
      return <Buttons>{[start(trans.__('Try Again')), choose]}</Buttons>;
    case 'absent':
      return <Buttons>{[start(trans.__('Download')), choose]}</Buttons>;
    case 'stopped':
      return <Buttons>{[start(trans.__('Start'))]}</Buttons>;
    case 'downloading':
    case 'loading':
      return (
        <Buttons>
          {[
            <button
              key="cancel"
              type="button"
              className="jp-Button jp-mod-styled jp-mod-reject"
              onClick={() => models.stop()}
            >
              {trans.__('Cancel')}
            </button>
          ]}
        </Buttons>
      );
    case 'ready':
    case 'busy':
      return null;
  }
}

function Buttons(props: { children: React.ReactNode[] }): React.JSX.Element {
  return (
    <div className="jp-CodeAct-buttons">
      {React.Children.toArray(props.children)}
    </div>
  );
}

function stateLabel(
  state: ModelStatus['state'],
  trans: TranslationBundle
): string | null {
  switch (state) {
    case 'absent':
      return trans.__('not on this machine');
    case 'downloading':
      return trans.__('downloading');
    case 'loading':
      return trans.__('loading');
    case 'failed':
      return trans.__('failed');
    case 'stopped':
      return trans.__('stopped');
    case 'ready':
    case 'busy':
      // Nothing the user has to know: the conversation shows when it is at work.
      return null;
  }
}
