import { caretLeftIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import { usePanel } from './context';
import { IconButton } from './icon-button';

/** Shown in place of the conversation until the user goes back to it. */
export function Sheet(props: {
  title: string;
  children: React.ReactNode;
}): React.JSX.Element {
  const { focusComposer, model, trans } = usePanel();
  const node = React.useRef<HTMLDivElement>(null);

  React.useLayoutEffect(() => {
    const sheet = node.current!;
    sheet.focus();
    return () => {
      // Who has gone to a notebook meanwhile stays there.
      const { activeElement, body } = document;
      if (activeElement === body || sheet.contains(activeElement)) {
        focusComposer();
      }
    };
  }, [focusComposer]);

  // Another page of the sheet begins at its top.
  React.useLayoutEffect(() => {
    node.current!.scrollTop = 0;
  }, [props.title]);

  return (
    <div
      ref={node}
      className="jp-CodeAct-sheet"
      role="region"
      aria-label={props.title}
      tabIndex={-1}
      onKeyDown={event => {
        if (event.key === 'Escape') {
          event.stopPropagation();
          model.open(null);
        } else if (event.key === 'ArrowDown' && event.target === node.current) {
          event.preventDefault();
          node
            .current!.querySelector<HTMLElement>('[data-row] button')
            ?.focus();
        }
      }}
    >
      <div className="jp-CodeAct-sheetTitle">
        <IconButton
          icon={caretLeftIcon}
          label={trans.__('Back to the conversation')}
          onClick={() => model.open(null)}
        />
        <h2>{props.title}</h2>
      </div>
      {props.children}
    </div>
  );
}
