import { Clipboard } from '@jupyterlab/apputils';
import { checkIcon, copyIcon, textEditorIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import { Claim } from '../../protocol';
import { usePanel } from './context';
import { IconButton } from './icon-button';

/** Milliseconds for which a button says that it has copied. */
const COPIED_SHOWN = 1500;

/** What is to be known about an answer, and what can be done with it. */
export function AnswerBar(props: {
  answer: string;
  claims: readonly Claim[];
}): React.JSX.Element {
  const { answer, claims } = props;
  const { model, trans } = usePanel();
  const [isCopied, setCopied] = React.useState(false);
  const unshown = claims.filter(({ cell_id }) => cell_id === null);

  React.useEffect(() => {
    const timer =
      isCopied && window.setTimeout(() => setCopied(false), COPIED_SHOWN);
    return () => window.clearTimeout(timer || undefined);
  }, [isCopied]);

  return (
    <>
      {unshown.length > 0 && (
        <p className="jp-CodeAct-flag">
          {trans.__(
            'No output shows %1.',
            unshown.map(({ text }) => `“${text}”`).join(', ')
          )}
        </p>
      )}
      <div className="jp-CodeAct-answerBar">
        <IconButton
          icon={isCopied ? checkIcon : copyIcon}
          label={isCopied ? trans.__('Copied') : trans.__('Copy the answer')}
          onClick={() => {
            Clipboard.copyToSystem(answer);
            setCopied(true);
          }}
        />
        <IconButton
          icon={textEditorIcon}
          label={trans.__('Insert as text below the active cell')}
          onClick={() => model.insertBelow(answer, 'markdown')}
        />
      </div>
    </>
  );
}
