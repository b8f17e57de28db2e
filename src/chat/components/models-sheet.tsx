import { Dialog, InputDialog, showDialog } from '@jupyterlab/apputils';
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
import { ModelForm } from './model-form';
import { useRoving } from './roving';
import { Sheet } from './sheet';

/** The models and endpoints the user can choose from: the chosen one first, those that cannot run here folded. */
export function ModelsSheet(): React.JSX.Element {
  const { model, trans } = usePanel();
  const { choices, chosen, problem } = model.models;
  const forKey = model.sheet === 'endpoint';
  /** The model or endpoint in the form: one there is, a new endpoint, or none. */
  const [edited, setEdited] = React.useState<ModelChoice | 'new' | null>(null);
  const list = useRoving<HTMLDivElement>();
  const add = React.useRef<HTMLButtonElement>(null);
  const wasEdited = React.useRef(false);

  // The form takes the focus, and gives it back.
  React.useLayoutEffect(() => {
    if (wasEdited.current && edited === null) {
      add.current?.focus();
    }
    wasEdited.current = edited !== null;
  }, [edited]);

  const isWanted = React.useRef(forKey);
  React.useEffect(() => {
    const found = choices?.find(({ id }) => id === chosen);
    if (isWanted.current && found?.kind === 'endpoint') {
      isWanted.current = false;
      setEdited(found);
    }
  }, [choices, chosen]);

  if (edited !== null) {
    if (edited !== 'new' && edited.kind !== 'endpoint') {
      return (
        <Sheet title={trans.__('Settings of %1', edited.name)}>
          <ModelForm choice={edited} onDone={() => setEdited(null)} />
        </Sheet>
      );
    }
    const endpoint = edited === 'new' ? null : edited;
    return (
      <Sheet
        title={endpoint ? trans.__('Edit Endpoint') : trans.__('Add Endpoint')}
      >
        <EndpointForm
          key={endpoint?.id ?? ''}
          endpoint={endpoint}
          forKey={forKey}
          onDone={() => {
            // Who came for the key goes on with the question.
            if (forKey) {
              model.open(null);
            } else {
              setEdited(null);
            }
          }}
        />
      </Sheet>
    );
  }

  const chooseFromHub = async () => {
    const { button, value } = await InputDialog.getText({
      title: trans.__('Use a Model of the Hugging Face Hub'),
      label: trans.__(
        'Any GGUF model. If it is not on this machine, you can download it then.'
      ),
      placeholder: 'hf:owner/name/file.gguf',
      okLabel: trans.__('Use')
    });
    if (button.accept && value?.trim()) {
      const name = value.trim();
      model.models.choose(name.startsWith('hf:') ? name : `hf:${name}`);
    }
  };

  // A tuned model is a version of the model that it was made of, and has no row of its own beside that.
  const ids = new Set(choices?.map(({ id }) => id));
  const rows = choices?.filter(({ base }) => !base || !ids.has(base)) ?? [];
  const tunedOf = (choice: ModelChoice) =>
    choices?.filter(({ base }) => base === choice.id) ?? [];
  const isInUse = (choice: ModelChoice) =>
    [choice, ...tunedOf(choice)].some(({ id }) => id === chosen);
  const others = rows.filter(each => !isInUse(each));
  const isUsable = ({ present, runs }: ModelChoice) => runs || present;
  const isHere = ({ kind, present }: ModelChoice) =>
    kind !== 'endpoint' && (kind === 'auto' || present);
  const groups: [string, ModelChoice[]][] = [
    [trans.__('In use'), rows.filter(isInUse)],
    [trans.__('Endpoints'), others.filter(({ kind }) => kind === 'endpoint')],
    [
      trans.__('On this machine'),
      others.filter(each => isHere(each) && isUsable(each))
    ],
    [
      trans.__('To download'),
      others.filter(
        each => each.kind !== 'endpoint' && !isHere(each) && isUsable(each)
      )
    ]
  ];
  const unfit = others.filter(each => !isUsable(each));

  return (
    <Sheet title={trans.__('Models')}>
      {problem && (
        <div className="jp-CodeAct-notice jp-mod-alert" role="alert">
          {problem}
        </div>
      )}
      <div ref={list}>
        {groups.map(([title, members], index) => (
          <React.Fragment key={title}>
            {members.length > 0 && (
              <>
                <h3 className="jp-CodeAct-group">{title}</h3>
                <ul className="jp-CodeAct-list" aria-label={title}>
                  {members.map(choice => (
                    <Choice
                      key={choice.id}
                      base={choice}
                      tuned={tunedOf(choice)}
                      onEdit={setEdited}
                    />
                  ))}
                </ul>
              </>
            )}
            {index === 1 && (
              <button
                ref={add}
                type="button"
                className="jp-CodeAct-addEndpoint jp-Button jp-mod-minimal"
                onClick={() => setEdited('new')}
              >
                <addIcon.react tag="span" />
                {trans.__('Add an Endpoint…')}
              </button>
            )}
          </React.Fragment>
        ))}
      </div>
      <button
        type="button"
        className="jp-CodeAct-addEndpoint jp-Button jp-mod-minimal"
        onClick={() => void chooseFromHub()}
      >
        <addIcon.react tag="span" />
        {trans.__('Another Model of the Hub…')}
      </button>
      {unfit.length > 0 && (
        <details className="jp-CodeAct-tooBig">
          <summary>{trans.__('Models for other machines')}</summary>
          <ul>
            {unfit.map(({ fits, id, name, size }) => (
              <li key={id} className="jp-CodeAct-rowDetail">
                {[name, size, fits].join(' · ')}
              </li>
            ))}
          </ul>
        </details>
      )}
    </Sheet>
  );
}

/** A model, with a switch between it and what was tuned of it; what is said and done is the chosen version's. */
function Choice(props: {
  base: ModelChoice;
  tuned: readonly ModelChoice[];
  onEdit: (choice: ModelChoice) => void;
}): React.JSX.Element {
  const { base, tuned } = props;
  const { chosen } = usePanel().model.models;
  const choice = tuned.find(({ id }) => id === chosen) ?? base;
  const onEdit = () => props.onEdit(choice);
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
      {tuned.length > 0 && <Versions base={base} tuned={tuned} />}
      {present && kind !== 'auto' && kind !== 'endpoint' && (
        <IconButton
          icon={editIcon}
          label={trans.__('Settings of %1', name)}
          onClick={onEdit}
        />
      )}
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

/** Switches between a model as it came and what was tuned of it. */
function Versions(props: {
  base: ModelChoice;
  tuned: readonly ModelChoice[];
}): React.JSX.Element {
  const { base, tuned } = props;
  const { model, trans } = usePanel();
  const { chosen } = model.models;
  return (
    <select
      className="jp-CodeAct-versions"
      aria-label={trans.__('Version of %1', base.name)}
      value={[base, ...tuned].some(({ id }) => id === chosen) ? chosen! : ''}
      onChange={event => model.models.choose(event.target.value)}
    >
      <option value="" hidden>
        {trans.__('Versions')}
      </option>
      <option value={base.id}>{trans.__('base')}</option>
      {tuned.map(({ id, name }) => (
        <option key={id} value={id}>
          {name.slice(name.indexOf('+'))}
        </option>
      ))}
    </select>
  );
}
