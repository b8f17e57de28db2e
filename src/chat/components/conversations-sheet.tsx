import { Dialog, InputDialog, showDialog } from '@jupyterlab/apputils';
import { deleteIcon, downloadIcon, editIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import { ConversationInfo } from '../../protocol';
import { ConversationsElsewhere } from './conversations-elsewhere';
import { usePanel } from './context';
import { IconButton } from './icon-button';
import { useRoving } from './roving';
import { Sheet } from './sheet';
import { timeText } from './time-text';

/**
 * The conversations of the notebook in front, and those of all others: search them, go on with one, export it; rename
 * and delete one of this notebook's.
 */
export function ConversationsSheet(): React.JSX.Element {
  const { model, trans } = usePanel();
  const { conversations } = model.state;
  const list = useRoving<HTMLUListElement>();
  const [query, setQuery] = React.useState('');
  const found = conversations?.filter(({ title }) =>
    title.toLowerCase().includes(query.trim().toLowerCase())
  );
  /** The place of the conversation that was deleted last, which the focus was in. */
  const left = React.useRef<number | null>(null);

  React.useEffect(() => {
    if (left.current !== null && list.current) {
      const rows = list.current.querySelectorAll<HTMLElement>(
        '.jp-CodeAct-rowMain'
      );
      const next = rows[Math.min(left.current, rows.length - 1)];
      (next ?? list.current.closest<HTMLElement>('.jp-CodeAct-sheet'))?.focus();
      left.current = null;
    }
  }, [conversations, list]);

  return (
    <Sheet title={trans.__('Conversations')}>
      <div className="jp-CodeAct-search">
        <input
          type="search"
          className="jp-mod-styled"
          aria-label={trans.__('Search the conversations of all notebooks')}
          placeholder={trans.__('Search in all notebooks')}
          value={query}
          onChange={({ target }) => setQuery(target.value)}
        />
      </div>
      <ul ref={list} className="jp-CodeAct-list">
        {found?.map((info, index) => (
          <Conversation
            key={info.id}
            info={info}
            onDelete={() => {
              left.current = index;
            }}
          />
        ))}
      </ul>
      {model.path !== null && conversations?.length === 0 && (
        <p className="jp-CodeAct-hint">
          {trans.__('There are no conversations about this notebook yet.')}
        </p>
      )}
      <ConversationsElsewhere query={query.trim()} />
    </Sheet>
  );
}

function Conversation(props: {
  info: ConversationInfo;
  onDelete: () => void;
}): React.JSX.Element {
  const { info, onDelete } = props;
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
      onDelete();
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
          {[timeText(updated), trans._n('%1 run', '%1 runs', runs)].join(' · ')}
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
