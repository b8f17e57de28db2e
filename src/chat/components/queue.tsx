import { closeIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import { usePanel } from './context';
import { useRoving } from './roving';

/** The tasks that wait for the end of the run under way. */
export function Queue(props: {
  onTakeBack: () => void;
}): React.JSX.Element | null {
  const { model, trans } = usePanel();
  const { composer } = model;
  const { queue } = composer.draft;
  const list = useRoving<HTMLUListElement>();
  if (queue.length === 0) {
    return null;
  }
  return (
    <div className="jp-CodeAct-queue">
      {composer.isQueueHeld && (
        <div className="jp-CodeAct-held">
          <span>{trans.__('Waiting, since the last run gave no answer.')}</span>
          <button
            type="button"
            className="jp-CodeAct-show jp-Button jp-mod-minimal"
            onClick={() => composer.goOn()}
          >
            {trans.__('Go On')}
          </button>
        </div>
      )}
      <ul
        ref={list}
        className="jp-CodeAct-chips"
        aria-label={trans.__('To be done next')}
      >
        {queue.map((task, index) => (
          <li
            key={`${index} ${task.task}`}
            className="jp-CodeAct-chip jp-mod-queued"
            data-row
            title={task.task}
          >
            <span className="jp-CodeAct-position">{index + 1}</span>
            <span>{task.task}</span>
            <button
              type="button"
              className="jp-Button jp-mod-minimal"
              aria-label={trans.__('Take back: %1', task.task)}
              title={trans.__('Take this back')}
              onClick={() => {
                composer.takeBack(task);
                props.onTakeBack();
              }}
            >
              <closeIcon.react tag={null} />
            </button>
          </li>
        ))}
      </ul>
    </div>
  );
}
