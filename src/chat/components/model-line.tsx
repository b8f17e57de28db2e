import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { ModelStatus } from '../../protocol';
import { usePanel } from './context';

/** The state of the model while it is not simply there, with buttons that help if something is wrong. */
export function ModelLine(): React.JSX.Element | null {
  const { model, trans } = usePanel();
  const { models, isModelErrorShown } = model;
  const { problem, status } = models;
  if (!status) {
    return null;
  }
  const { message, model: name, progress, state, where } = status;
  const label = stateLabel(state, trans);
  const shown = [name, where !== name && where].filter(Boolean).join(' · ');
  const said = isModelErrorShown || state === 'stopped' ? '' : message;
  return (
    <div
      className="jp-CodeAct-model"
      data-state={state}
      role="group"
      aria-label={trans.__('Model')}
    >
      {(label || said) && (
        <div className="jp-CodeAct-modelText">
          <span className="jp-CodeAct-modelName" title={shown}>
            {shown}
          </span>
          {label && <span className="jp-CodeAct-modelState">{label}</span>}
          {models.isComing && progress !== null && (
            <span className="jp-CodeAct-percent">
              {trans.__('%1 %', Math.floor(progress * 100))}
            </span>
          )}
        </div>
      )}
      {models.isComing && (
        <progress
          value={progress ?? undefined}
          aria-label={label ?? undefined}
        />
      )}
      {said && <div className="jp-CodeAct-modelMessage">{said}</div>}
      {problem && (
        <div className="jp-CodeAct-modelMessage" role="alert">
          {problem}
        </div>
      )}
      <Help status={status} />
      <div className="jp-CodeAct-sender" role="status">
        {/* Announced once for each state, not for each percent. */}
        {label && `${name}: ${label}`}
      </div>
    </div>
  );
}

/** The buttons that help in a state. */
function Help({ status }: { status: ModelStatus }): React.JSX.Element | null {
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
  const begin = (text: string, act: () => void, isMain = true) => (
    <button
      type="button"
      className={`jp-Button jp-mod-styled ${isMain ? 'jp-mod-accept' : 'jp-mod-reject'}`}
      onClick={act}
    >
      {text}
    </button>
  );
  const tryAgain = (isMain?: boolean) =>
    begin(trans.__('Try Again'), () => model.tryAgain(), isMain);
  switch (status.state) {
    case 'failed':
      return status.needs_key ? (
        <Buttons>
          {[
            begin(trans.__('Change the Key…'), () => model.open('endpoint')),
            tryAgain(false)
          ]}
        </Buttons>
      ) : (
        <Buttons>{[tryAgain(), choose]}</Buttons>
      );
    case 'absent':
      return (
        <Buttons>
          {[begin(trans.__('Download'), () => models.start()), choose]}
        </Buttons>
      );
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
    case 'stopped':
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
    case 'ready':
    case 'busy':
      // Nothing the user has to know: it is loaded when it is needed, and the conversation shows when it is at work.
      return null;
  }
}
