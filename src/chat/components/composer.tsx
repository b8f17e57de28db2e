import * as React from 'react';

import { usePanel } from './context';

/** Where the user types, sends and stops. */
export function Composer(): React.JSX.Element {
  const { model, settings, trans } = usePanel();
  const { draft, stopping } = model.view;
  const { blocked, isRunning, path } = model;
  const sendWithEnter = settings?.sendWithEnter ?? true;

  const onKeyDown = (event: React.KeyboardEvent) => {
    if (
      event.key === 'Enter' &&
      event.shiftKey !== sendWithEnter &&
      !event.nativeEvent.isComposing
    ) {
      event.preventDefault();
      model.send();
    }
  };

  return (
    <form
      className="jp-CodeAct-composer"
      onSubmit={event => {
        event.preventDefault();
        model.send();
      }}
    >
      <Suggestions />
      <textarea
        className="jp-mod-styled"
        aria-label={trans.__('Ask CodeAct')}
        aria-describedby="jp-CodeAct-blocked"
        placeholder={trans.__('Ask CodeAct about this notebook')}
        rows={2}
        value={draft}
        disabled={path === null}
        onChange={event => model.setDraft(event.target.value)}
        onKeyDown={onKeyDown}
      />
      <div className="jp-CodeAct-composerFooter">
        <span
          id="jp-CodeAct-blocked"
          className="jp-CodeAct-blocked"
          role="status"
        >
          {blocked}
        </span>
        {isRunning ? (
          <button
            key="stop"
            type="button"
            className="jp-Button jp-mod-styled jp-mod-warn"
            disabled={stopping}
            onClick={() => model.stop()}
          >
            {trans.__('Stop')}
          </button>
        ) : (
          <button
            key="send"
            type="submit"
            className="jp-Button jp-mod-styled jp-mod-accept"
            disabled={blocked !== null || !draft.trim()}
          >
            {trans.__('Send')}
          </button>
        )}
      </div>
    </form>
  );
}

/** The slash commands that fit what was typed. */
function Suggestions(): React.JSX.Element | null {
  const { model, trans } = usePanel();
  const { suggestions } = model;
  if (suggestions.length === 0) {
    return null;
  }
  return (
    <ul className="jp-CodeAct-suggestions" aria-label={trans.__('Commands')}>
      {suggestions.map(({ name, description }) => (
        <li key={name}>
          <button
            type="button"
            className="jp-Button jp-mod-minimal"
            onClick={() => {
              model.setDraft(`/${name}`);
              model.send();
            }}
          >
            <code>/{name}</code> {description}
          </button>
        </li>
      ))}
    </ul>
  );
}
