import { UseSignal } from '@jupyterlab/ui-components';
import * as React from 'react';

import { changesText, isSettled } from '../../session/changes';
import { usePanel } from './context';

/** What a run changed in the notebook, and what can be done about it. */
export function Review(props: {
  run: string;
  isBusy: boolean;
}): React.JSX.Element {
  const { isBusy, run: id } = props;
  const { focusComposer, model, trans } = usePanel();
  return (
    <UseSignal signal={model.changed}>
      {() => {
        const { runs } = model.state.conversation;
        const run = runs.find(each => each.id === id);
        if (!run?.changed) {
          return null;
        }
        const button = (label: string, name: string, onClick: () => void) => (
          <button
            type="button"
            className="jp-Button jp-mod-minimal"
            title={name}
            aria-label={name}
            disabled={isBusy}
            onClick={() => {
              // The button may go away; the focus should not.
              focusComposer();
              onClick();
            }}
          >
            {label}
          </button>
        );
        return (
          <div
            className="jp-CodeAct-review"
            role="group"
            aria-label={trans.__('What the run changed')}
          >
            <span>{changesText(run, trans)}</span>
            {!run.undone &&
              button(trans.__('Review'), trans.__('Review this run'), () =>
                model.review(id)
              )}
            {!isSettled(run) &&
              button(trans.__('Keep'), trans.__('Keep this run'), () =>
                model.actions?.keep(id)
              )}
            {!run.undone &&
              button(trans.__('Undo'), trans.__('Undo this run'), () =>
                model.actions?.undo(id)
              )}
            {run.takenCells.size > 0 &&
              button(trans.__('Redo'), trans.__('Redo this run'), () =>
                model.actions?.redo(id)
              )}
          </div>
        );
      }}
    </UseSignal>
  );
}
