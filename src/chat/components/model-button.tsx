import { caretDownEmptyIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import { usePanel } from './context';

/** The chosen model, which opens the list of all. */
export function ModelButton(): React.JSX.Element | null {
  const { model, trans } = usePanel();
  const { status } = model.models;
  if (!status) {
    return null;
  }
  const { model: name, where } = status;
  const shown = name || trans.__('No model');
  // An endpoint whose model has no name goes by its address.
  const place = where && where !== name ? where : '';
  return (
    <button
      type="button"
      className="jp-CodeAct-modelButton jp-Button jp-mod-minimal"
      aria-label={trans.__('Choose a model: %1', shown)}
      title={[trans.__('Choose a model'), shown, place]
        .filter(Boolean)
        .join('\n')}
      onClick={() => model.open('models')}
    >
      <span>{shown}</span>
      <caretDownEmptyIcon.react tag="span" />
    </button>
  );
}
