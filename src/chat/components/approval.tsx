import * as React from 'react';

import { waitingCell } from '../../session/selectors';
import { usePanel } from './context';

/** The user's answers to a cell that waits for approval; it runs as it is by then. */
export function Approval(): React.JSX.Element {
  const { focusComposer, model, trans } = usePanel();
  const waiting = waitingCell(model.state);
  const isResolving = waiting?.isResolving ?? true;
  const isCall = waiting?.isCall ?? false;
  const [isCommenting, setCommenting] = React.useState(false);
  const resolve =
    (approved: boolean, rest = false) =>
    () => {
      // The button goes away; the focus should not.
      focusComposer();
      model.actions?.resolveApproval(approved, rest);
    };
  if (isCommenting) {
    return (
      <Comment
        isResolving={isResolving}
        onCancel={() => setCommenting(false)}
      />
    );
  }
  return (
    <div
      className="jp-CodeAct-approval"
      role="group"
      aria-label={isCall ? trans.__('Allow this?') : trans.__('Run this cell?')}
    >
      <button
        type="button"
        className="jp-Button jp-mod-styled jp-mod-accept"
        disabled={isResolving}
        onClick={resolve(true)}
      >
        {isCall ? trans.__('Allow') : trans.__('Run')}
      </button>
      <button
        type="button"
        className="jp-Button jp-mod-styled jp-mod-reject"
        disabled={isResolving}
        onClick={resolve(false)}
      >
        {trans.__('Skip')}
      </button>
      <button
        type="button"
        className="jp-Button jp-mod-styled jp-mod-reject"
        title={trans.__(
          'Skip it, and tell the model why or what to do instead'
        )}
        disabled={isResolving}
        onClick={() => setCommenting(true)}
      >
        {trans.__('Skip and Say Why…')}
      </button>
      <button
        type="button"
        className="jp-Button jp-mod-styled jp-mod-reject"
        title={
          isCall
            ? trans.__('Allow this, and all that this run does after it')
            : trans.__('Run this cell and all others of this run')
        }
        disabled={isResolving}
        onClick={resolve(true, true)}
      >
        {isCall
          ? trans.__('Allow All from Here')
          : trans.__('Run All from Here')}
      </button>
    </div>
  );
}

/** Where the user says why a cell is skipped. */
function Comment(props: {
  isResolving: boolean;
  onCancel: () => void;
}): React.JSX.Element {
  const { isResolving, onCancel } = props;
  const { focusComposer, model, trans } = usePanel();
  const [text, setText] = React.useState('');
  const field = React.useRef<HTMLTextAreaElement>(null);

  React.useEffect(() => field.current!.focus(), []);

  const skip = () => {
    if (text.trim() && !isResolving) {
      focusComposer();
      model.actions?.resolveApproval(false, false, text.trim());
    }
  };

  return (
    <div
      className="jp-CodeAct-approval jp-CodeAct-comment"
      role="group"
      aria-label={trans.__('Skip and say why')}
      onKeyDown={event => {
        if (event.key === 'Escape') {
          event.stopPropagation();
          onCancel();
        } else if (
          event.key === 'Enter' &&
          !event.shiftKey &&
          event.target === field.current &&
          !event.nativeEvent.isComposing
        ) {
          event.preventDefault();
          skip();
        }
      }}
    >
      <textarea
        ref={field}
        className="jp-mod-styled"
        aria-label={trans.__('Why, or what to do instead')}
        placeholder={trans.__('Why, or what to do instead')}
        rows={2}
        value={text}
        onChange={({ target }) => setText(target.value)}
      />
      <button
        type="button"
        className="jp-Button jp-mod-styled jp-mod-accept"
        disabled={isResolving || !text.trim()}
        onClick={skip}
      >
        {trans.__('Skip')}
      </button>
      <button
        type="button"
        className="jp-Button jp-mod-styled jp-mod-reject"
        onClick={onCancel}
      >
        {trans.__('Cancel')}
      </button>
    </div>
  );
}
