import { Dialog, showDialog } from '@jupyterlab/apputils';
import {
  addIcon,
  checkIcon,
  deleteIcon,
  editIcon
} from '@jupyterlab/ui-components';
import * as React from 'react';

import { ModelChoice } from '../../protocol';
import { usePanel } from './context';
import { EndpointForm } from './endpoint-form';
import { IconButton } from './icon-button';
import { useRoving } from './roving';
import { Sheet } from './sheet';

/** The models and endpoints the user can choose from. */
export function ModelsSheet(): React.JSX.Element {
  const { model, trans } = usePanel();
  const { choices, problem } = model.models;
  /** The endpoint in the form: one there is, a new one, or none. */
  const [edited, setEdited] = React.useState<ModelChoice | 'new' | null>(null);
  const list = useRoving<HTMLUListElement>();
  const add = React.useRef<HTMLButtonElement>(null);
  const wasEdited = React.useRef(false);

  // The form takes the focus, and gives it back.
  React.useEffect(() => {
    if (wasEdited.current && edited === null) {
      add.current!.focus();
    }
    wasEdited.current = edited !== null;
  }, [edited]);

  return (
    <Sheet title={trans.__('Models')}>
      {problem && (
        <div className="jp-CodeAct-notice jp-mod-alert" role="alert">
          {problem}
        </div>
      )}
      <ul ref={list} className="jp-CodeAct-list">
        {choices?.map(choice => (
          <Choice
            key={choice.id}
            choice={choice}
            onEdit={() => setEdited(choice)}
          />
        ))}
      </ul>
      {edited === null ? (
        <button
          ref={add}
          type="button"
          className="jp-CodeAct-addEndpoint jp-Button jp-mod-minimal"
          onClick={() => setEdited('new')}
        >
          <addIcon.react tag="span" />
          {trans.__('Add an Endpoint…')}
        </button>
      ) : (
        <EndpointForm
          key={edited === 'new' ? '' : edited.id}
          endpoint={edited === 'new' ? null : edited}
          onDone={() => setEdited(null)}
        />
      )}
    </Sheet>
  );
}

function Choice(props: {
  choice: ModelChoice;
  onEdit: () => void;
}): React.JSX.Element {
  const { choice, onEdit } = props;
  const { detail, fits, has_key, id, kind, name, present, where } = choice;
  const { model, trans } = usePanel();
  const isChosen = id === model.models.chosen;
  const facts = [
    detail,
    where,
    kind === 'catalog' &&
      (present ? trans.__('on this machine') : trans.__('to be downloaded')),
    has_key && trans.__('with a key')
  ].filter(Boolean);

  const remove = async () => {
    const { button } = await showDialog({
      title: trans.__('Remove Endpoint'),
      body: trans.__('Remove "%1" and its key from this server?', name),
      buttons: [
        Dialog.cancelButton({ label: trans.__('Cancel') }),
        Dialog.warnButton({ label: trans.__('Remove') })
      ]
    });
    if (button.accept) {
      model.models.removeEndpoint(name);
    }
  };

  return (
    <li className="jp-CodeAct-row" data-row>
      <button
        type="button"
        className="jp-CodeAct-rowMain jp-Button jp-mod-minimal"
        aria-current={isChosen || undefined}
        onClick={() => {
          model.models.choose(id);
          model.open(null);
        }}
      >
        <span className="jp-CodeAct-rowTitle">
          {isChosen && <checkIcon.react tag="span" />}
          {name}
        </span>
        <span className="jp-CodeAct-rowDetail">{facts.join(' · ')}</span>
        {fits && <span className="jp-CodeAct-rowDetail">{fits}</span>}
      </button>
      {kind === 'endpoint' && (
        <>
          <IconButton
            icon={editIcon}
            label={trans.__('Edit %1', name)}
            onClick={onEdit}
          />
          <IconButton
            icon={deleteIcon}
            label={trans.__('Remove %1', name)}
            onClick={() => void remove()}
          />
        </>
      )}
    </li>
  );
}
