import * as React from 'react';

import { ISuggestion } from '../suggestions';
import { usePanel } from './context';

export const SUGGESTIONS_ID = 'jp-CodeAct-suggestions';

export function suggestionId(index: number): string {
  return `${SUGGESTIONS_ID}-${index}`;
}

/** Suggestions for the word being typed. */
export function Suggestions(props: {
  onAccept: (suggestion: ISuggestion) => void;
}): React.JSX.Element | null {
  const { model, trans } = usePanel();
  const { selected, suggestions } = model.composer;
  const list = React.useRef<HTMLUListElement>(null);

  React.useEffect(() => {
    list.current?.children[selected]?.scrollIntoView({ block: 'nearest' });
  }, [selected]);

  if (suggestions.length === 0) {
    return null;
  }
  return (
    <ul
      ref={list}
      id={SUGGESTIONS_ID}
      className="jp-CodeAct-suggestions"
      role="listbox"
      aria-label={trans.__('Suggestions')}
    >
      {suggestions.map((suggestion, index) => (
        <li
          key={suggestion.id}
          id={suggestionId(index)}
          className="jp-CodeAct-suggestion"
          role="option"
          aria-selected={index === selected}
          title={suggestion.detail}
          // Before the box loses the focus.
          onMouseDown={event => {
            event.preventDefault();
            props.onAccept(suggestion);
          }}
        >
          <suggestion.icon.react tag="span" />
          <span className="jp-CodeAct-suggestionLabel">{suggestion.label}</span>
          <span className="jp-CodeAct-suggestionDetail">
            {suggestion.detail}
          </span>
        </li>
      ))}
    </ul>
  );
}
