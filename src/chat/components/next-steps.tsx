import * as React from 'react';

import { IMessage } from '../../session/messages';
import { nextSteps } from '../next-steps';
import { usePanel } from './context';

/** Below the last answer: what the user may want to do next. */
export function NextSteps(props: {
  messages: readonly IMessage[];
}): React.JSX.Element | null {
  const { messages } = props;
  const { focusComposer, model, trans } = usePanel();
  const last = messages[messages.length - 1];
  if (last?.ending?.ending !== 'answered') {
    return null;
  }
  const steps = nextSteps(messages, last.run, trans);
  return (
    <div
      className="jp-CodeAct-nextSteps"
      role="group"
      aria-label={trans.__('Next steps')}
      hidden={steps.length === 0}
    >
      {steps.map(({ label, task }) => (
        <button
          key={label}
          type="button"
          className="jp-CodeAct-nextStep jp-Button jp-mod-styled jp-mod-reject"
          title={
            task ?? trans.__('Run the notebook in a fresh kernel and compare')
          }
          onClick={() => {
            focusComposer();
            if (task === null) {
              model.actions?.check();
            } else {
              model.composer.ask(task, []);
            }
          }}
        >
          {label}
        </button>
      ))}
    </div>
  );
}
