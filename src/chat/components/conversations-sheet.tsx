import { Dialog, InputDialog, showDialog } from '@jupyterlab/apputils';
import {
  deleteIcon,
  downloadIcon,
  editIcon,
  FilterBox
} from '@jupyterlab/ui-components';
import * as React from 'react';

import { ConversationInfo } from '../../protocol';
import { usePanel } from './context';
import { IconButton } from './icon-button';
import { useRoving } from './roving';
import { Sheet } from './sheet';

/** How many conversations are looked through without a search. */
const FEW = 5;

/** The conversations of the notebook in front: search them, go on with one, rename, export, delete it. */
export function ConversationsSheet(): React.JSX.Element {
  const { model, trans } = usePanel();
  const { conversations } = model.state;
  const list = useRoving<HTMLUListElement>();
  const [query, setQuery] = React.useState('');
  const found = conversations?.filter(({ title }) =>
    title.toLowerCase().includes(query.trim().toLowerCase())
  );
  return (
    <Sheet title={trans.__('Conversations')}>
      {(conversations?.length ?? 0) > FEW && (
        <div className="jp-CodeAct-search">
          <FilterBox
            placeholder={trans.__('Search the conversations')}
            updateFilter={(_, typed) => setQuery(typed ?? '')}
            useFuzzyFilter={false}
            caseSensitive={false}
          />
        </div>
      )}
      <ul ref={list} className="jp-CodeAct-list">
        {found?.map(info => (
          <Conversation key={info.id} info={info} />
        ))}
      </ul>
      {conversations?.length === 0 && (
        <p className="jp-CodeAct-hint">
          {trans.__('There are no conversations about this notebook yet.')}
        </p>
      )}
      {query.trim() && found?.length === 0 && (
        <p className="jp-CodeAct-hint" role="status">
          {trans.__('No conversation has “%1” in its title.', query.trim())}
        </p>
      )}
    </Sheet>
  );
}

function Conversation({ info }: { info: ConversationInfo }): React.JSX.Element {
  const { model, trans } = usePanel();
  const { id, runs, updated } = info;
  const title = info.title || trans.__('New conversation');
  const isOpen = id === model.state.conversation.id;

  const rename = async () => {
    const { value } = await InputDialog.getText({
      title: trans.__('Rename Conversation'),
      label: trans.__('Title'),
      text: info.title,
      okLabel: trans.__('Rename')
    });
    if (value?.trim()) {
      model.actions?.renameConversation(id, value.trim());
    }
  };

  const remove = async () => {
    const { button } = await showDialog({
      title: trans.__('Delete Conversation'),
      body: trans.__(
        'Delete "%1" for good? The cells in the notebook stay as they are.',
        title
      ),
      buttons: [
        Dialog.cancelButton({ label: trans.__('Cancel') }),
        Dialog.warnButton({ label: trans.__('Delete') })
      ]
    });
    if (button.accept) {
      model.actions?.deleteConversation(id);
    }
  };

  return (
    <li
      className="jp-CodeAct-row"
      data-row
      onKeyDown={event => {
        if (event.key === 'F2') {
          void rename();
        } else if (event.key === 'Delete') {
          void remove();
        }
      }}
    >
      <button
        type="button"
        className="jp-CodeAct-rowMain jp-Button jp-mod-minimal"
        aria-current={isOpen || undefined}
        disabled={model.isRunning && !isOpen}
        onClick={() => (isOpen ? model.open(null) : model.openConversation(id))}
      >
        <span className="jp-CodeAct-rowTitle">{title}</span>
        <span className="jp-CodeAct-rowDetail">
          {[
            new Date(updated * 1000).toLocaleString(undefined, {
              dateStyle: 'medium',
              timeStyle: 'short'
            }),
            trans._n('%1 run', '%1 runs', runs)
          ].join(' · ')}
        </span>
      </button>
      <IconButton
        icon={editIcon}
        label={trans.__('Rename %1', title)}
        onClick={() => void rename()}
      />
      <IconButton
        icon={downloadIcon}
        label={trans.__('Export %1', title)}
        onClick={() => model.actions?.exportConversation(id)}
      />
      <IconButton
        icon={deleteIcon}
        label={trans.__('Delete %1', title)}
        disabled={model.isRunning && isOpen}
        onClick={() => void remove()}
      />
    </li>
  );
}
