import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { ICellChange } from '../../session/changes';

/** What the user can do about a change at its cell. */
export interface IChangeActions {
  keep(): void;
  undo(): void;
  redo(): void;
  again(): void;
  /** Go to the change after this one, or before it with -1. */
  step(by: 1 | -1): void;
}

/** The bar below a cell that a run has changed. */
export function ChangeBar(props: {
  actions: IChangeActions;
  change: ICellChange;
  trans: TranslationBundle;
}): React.JSX.Element {
  const { actions, change, trans } = props;
  const { canRedo, count, isUndone, number } = change;
  const title = titleOf(change, trans);
  return (
    <div role="group" aria-label={title}>
      <span className="jp-CodeAct-changeTitle" title={change.task}>
        {title}
      </span>
      {number !== null && count > 1 && (
        <>
          <Button
            label="‹"
            hint={trans.__('Previous change')}
            onClick={() => actions.step(-1)}
          />
          <span className="jp-CodeAct-changeNumber">
            {trans.__('%1 of %2', number, count)}
          </span>
          <Button
            label="›"
            hint={trans.__('Next change')}
            onClick={() => actions.step(1)}
          />
        </>
      )}
      {isUndone ? (
        canRedo && (
          <Button
            label={trans.__('Redo')}
            hint={trans.__('Bring back what CodeAct wrote here')}
            onClick={() => actions.redo()}
          />
        )
      ) : (
        <>
          <Button
            isFirst
            label={trans.__('Keep')}
            hint={trans.__('Keep this change')}
            onClick={() => actions.keep()}
          />
          <Button
            label={trans.__('Undo')}
            hint={trans.__('Make this cell what it was before')}
            onClick={() => actions.undo()}
          />
        </>
      )}
      {number === null && (
        <Button
          label={trans.__('Again')}
          hint={trans.__('Undo this and ask the same again')}
          onClick={() => actions.again()}
        />
      )}
    </div>
  );
}

function titleOf(
  { isUndone, kind }: ICellChange,
  trans: TranslationBundle
): string {
  if (isUndone) {
    return trans.__('Undone');
  }
  switch (kind) {
    case 'added':
      return trans.__('Added by CodeAct');
    case 'moved':
      return trans.__('Moved by CodeAct');
    default:
      return trans.__('Changed by CodeAct');
  }
}

function Button(props: {
  label: string;
  hint: string;
  onClick: () => void;
  isFirst?: boolean;
}): React.JSX.Element {
  const { hint, isFirst, label, onClick } = props;
  return (
    <button
      className={`jp-Button jp-mod-styled ${isFirst ? 'jp-mod-accept' : ''}`}
      title={hint}
      aria-label={label.length === 1 ? hint : undefined}
      onClick={onClick}
    >
      {label}
    </button>
  );
}
