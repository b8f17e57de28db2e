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
  const { choices, chosen, problem } = model.models;
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

  const isUsable = ({ id, present, runs }: ModelChoice) =>
    runs || present || id === chosen;
  const usable = choices?.filter(isUsable);
  const tooBig = choices?.filter(choice => !isUsable(choice));

  return (
    <Sheet title={trans.__('Models')}>
      {problem && (
        <div className="jp-CodeAct-notice jp-mod-alert" role="alert">
          {problem}
        </div>
      )}
      <ul ref={list} className="jp-CodeAct-list">
        {usable?.map(choice => (
          <Choice
            key={choice.id}
            choice={choice}
            onEdit={() => setEdited(choice)}
          />
        ))}
      </ul>
      {tooBig && tooBig.length > 0 && (
        <details className="jp-CodeAct-tooBig">
          <summary>{trans.__('Models for other machines')}</summary>
          <ul>
            {tooBig.map(({ fits, id, name, size }) => (
              <li key={id} className="jp-CodeAct-rowDetail">
                {[name, size, fits].join(' · ')}
              </li>
            ))}
          </ul>
        </details>
      )}
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
  const { detail, fits, has_key, id, kind, licence, name, present } = choice;
  const { size, suggested, where } = choice;
  const { model, trans } = usePanel();
  const isChosen = id === model.models.chosen;
  const facts = [
    suggested && trans.__('suggested for this machine'),
    size,
    licence,
    detail,
    where,
    kind === 'catalog' &&
      (present ? trans.__('on this machine') : trans.__('to be downloaded')),
    has_key && trans.__('with a key')
  ].filter(Boolean);

  const choose = async () => {
    if (kind === 'catalog' && !present) {
      const { button } = await showDialog({
        title: trans.__('Download %1?', name),
        body: trans.__('%1, %2. It runs %3.', size, licence, fits),
        buttons: [
          Dialog.cancelButton({ label: trans.__('Cancel') }),
          Dialog.okButton({ label: trans.__('Download') })
        ]
      });
      if (!button.accept) {
        return;
      }
      model.models.choose(id);
      model.models.start();
    } else {
      model.models.choose(id);
    }
    model.open(null);
  };

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
        onClick={() => void choose()}
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
