import { HTMLSelect } from '@jupyterlab/ui-components';
import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { cellLabel } from '../../session/attachments';
import { ITaskPlace } from '../../session/task-place';
import { usePanel } from './context';

/** Where the cells of the next task go. */
export function PlaceSelect(): React.JSX.Element | null {
  const { model, trans } = usePanel();
  const { composer, places } = model;
  // What is asked again goes where it was.
  if (places.length === 0 || composer.isEditing) {
    return null;
  }
  return (
    <HTMLSelect
      className="jp-CodeAct-placeSelect"
      aria-label={trans.__('Where CodeAct writes')}
      title={trans.__('Where CodeAct writes its next cell')}
      value={places[0].cellId!}
      onChange={({ target }) => model.actions?.choosePlace(target.value)}
    >
      {places.map(place => (
        <option key={place.cellId} value={place.cellId!}>
          {placeText(place, trans)}
        </option>
      ))}
    </HTMLSelect>
  );
}

function placeText(place: ITaskPlace, trans: TranslationBundle): string {
  const cell = cellLabel(place, trans);
  return place.isInto ? trans.__('in %1', cell) : trans.__('below %1', cell);
}
