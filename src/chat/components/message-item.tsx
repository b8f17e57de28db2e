import { editIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import { actionsOf, IMessage } from '../../session/messages';
import { ActionCard } from './action-card';
import { AnswerBar } from './answer-bar';
import { Chips } from './chips';
import { usePanel } from './context';
import { Ending } from './ending';
import { IconButton } from './icon-button';
import { Markdown, PythonCode } from './markdown';
import { Notice } from './notice';
import { Question } from './question';
import { Thinking } from './thinking';

interface IProps {
  message: IMessage;
  isLast: boolean;
  /** Whether the task being edited will take its place. */
  isReplaced: boolean;
  /** What else the message depends on: it is drawn again when that changes. */
  isBusy: boolean;
  resolving: string | null;
}

/** One message; drawn again only when it has changed itself. */
export const MessageItem = React.memo(function MessageItem(
  props: IProps
): React.JSX.Element {
  const { isBusy, isLast, isReplaced, message } = props;
  const { ending, question, readings, rejection, run, sender, time, undone } =
    message;
  const { trans } = usePanel();
  if (ending) {
    return <Ending run={run} ending={ending} isLast={isLast} isBusy={isBusy} />;
  }
  if (undone) {
    return <Undone left={undone.left.length} />;
  }
  const isUser = sender === 'user';
  if (sender === 'notice') {
    return <OtherAgent message={message} />;
  }
  return (
    <div
      className={`jp-CodeAct-message jp-mod-${sender}`}
      data-message-id={message.id}
      data-replaced={isReplaced || undefined}
      data-sender={sender}
      data-answer={message.claims ? true : undefined}
      title={new Date(time * 1000).toLocaleString()}
    >
      <span className="jp-CodeAct-sender">
        {isUser ? trans.__('You:') : `${message.agent ?? 'CodeAct'}:`}
      </span>
      {isUser ? (
        <UserTask message={message} isBusy={isBusy} />
      ) : (
        <Reply message={message} />
      )}
      {readings?.map((reading, index) => (
        <p key={index} className="jp-CodeAct-reading">
          {reading}
        </p>
      ))}
      {actionsOf(message).map((action, index) => (
        <ActionCard key={index} action={action} />
      ))}
      {question && <Question question={question} />}
      {rejection && <p className="jp-CodeAct-rejection">{rejection}</p>}
    </div>
  );
});

function UserTask(props: {
  message: IMessage;
  isBusy: boolean;
}): React.JSX.Element {
  const { isBusy, message } = props;
  const { focusComposer, model, trans } = usePanel();
  return (
    <>
      <IconButton
        className="jp-CodeAct-edit"
        icon={editIcon}
        label={trans.__('Edit and ask again')}
        disabled={isBusy}
        onClick={() => {
          model.composer.edit(message);
          focusComposer();
        }}
      />
      <div className="jp-CodeAct-bubble">
        {message.body}
        <Chips attachments={message.attachments ?? []} />
      </div>
      {message.askedBy && (
        <p className="jp-CodeAct-reading">
          {trans.__('Asked by %1', message.askedBy)}
        </p>
      )}
    </>
  );
}

/** What the agent says: its thinking folded away, its prose, and code while it is being written. */
function Reply({ message }: { message: IMessage }): React.JSX.Element {
  const { body, claims, code, streaming, thinking, thought } = message;
  const { trans } = usePanel();
  return (
    <>
      {thinking && (
        <Thinking text={thinking} thought={thought} streaming={!!streaming} />
      )}
      {body && (
        <Markdown
          source={body}
          streaming={streaming && !code}
          claims={claims}
        />
      )}
      {claims && <AnswerBar answer={body} claims={claims} />}
      {code && (
        <div
          className="jp-CodeAct-writing jp-CodeAct-code"
          tabIndex={0}
          role="group"
          aria-label={trans.__('Code being written')}
        >
          <PythonCode source={code} />
        </div>
      )}
    </>
  );
}

/** Where the run of another agent begins. */
function OtherAgent({ message }: { message: IMessage }): React.JSX.Element {
  const { trans } = usePanel();
  return (
    <div data-message-id={message.id} data-sender="notice">
      <Notice tone="note">
        {trans.__('%1 works in this notebook', message.agent ?? '')}
      </Notice>
    </div>
  );
}

function Undone({ left }: { left: number }): React.JSX.Element {
  const { trans } = usePanel();
  return (
    <Notice tone="note">
      {left === 0
        ? trans.__('The run was undone. Its cells are as they were before.')
        : trans._n(
            'The run was undone. One cell was left alone, because it was changed since.',
            'The run was undone. %1 cells were left alone, because they were changed since.',
            left
          )}
    </Notice>
  );
}
