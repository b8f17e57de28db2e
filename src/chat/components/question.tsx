import * as React from 'react';

import { IQuestion } from '../../session/messages';
import { usePanel } from './context';

/** A question of the model: the answers that it proposes, and a line for another one. */
export function Question({
  question
}: {
  question: IQuestion;
}): React.JSX.Element {
  const { model, trans } = usePanel();
  const { answer, options, state, text } = question;
  const [typed, setTyped] = React.useState('');
  const [isSent, setSent] = React.useState(false);
  const send = (value: string | null) =>
    setSent(model.actions?.answerQuestion(value) ?? false);
  return (
    <div
      className="jp-CodeAct-question"
      role="group"
      aria-label={trans.__('Question of CodeAct')}
    >
      <p>{text}</p>
      {state !== 'waiting' && (
        <p className="jp-CodeAct-questionAnswer">
          {answer ?? trans.__('Not answered: CodeAct decides.')}
        </p>
      )}
      {state === 'waiting' && (
        <>
          <div className="jp-CodeAct-buttons">
            {options.map(option => (
              <button
                key={option}
                type="button"
                className="jp-Button jp-mod-styled"
                disabled={isSent}
                onClick={() => send(option)}
              >
                {option}
              </button>
            ))}
          </div>
          <form
            onSubmit={event => {
              event.preventDefault();
              send(typed.trim() || null);
            }}
          >
            <input
              className="jp-mod-styled"
              aria-label={trans.__('Your answer')}
              placeholder={trans.__('Your answer')}
              disabled={isSent}
              value={typed}
              onChange={({ target }) => setTyped(target.value)}
            />
            <button
              type="submit"
              className="jp-Button jp-mod-styled jp-mod-accept"
              disabled={isSent}
            >
              {typed.trim() ? trans.__('Answer') : trans.__('Let It Decide')}
            </button>
          </form>
        </>
      )}
    </div>
  );
}
