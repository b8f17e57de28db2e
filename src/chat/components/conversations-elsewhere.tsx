import { downloadIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import { IFoundConversation } from '../library';
import { usePanel } from './context';
import { IconButton } from './icon-button';
import { useRoving } from './roving';
import { timeText } from './time-text';

/** Milliseconds without a key after which the server is asked. */
const PAUSE = 250;

/**
 * The conversations of other notebooks, and those of this one whose title does not have the words: the ones with all
 * words of the query, without one the latest.
 */
export function ConversationsElsewhere(props: {
  query: string;
}): React.JSX.Element | null {
  const { query } = props;
  const { library, model, trans } = usePanel();
  const { path } = model;
  const [found, setFound] = React.useState<IFoundConversation[] | null>(null);
  const [problem, setProblem] = React.useState('');
  const list = useRoving<HTMLUListElement>();

  React.useEffect(() => {
    const asking = new AbortController();
    const timer = window.setTimeout(
      () => {
        library.search(query, asking.signal).then(
          answer => {
            setFound(answer);
            setProblem('');
          },
          (error: Error) => {
            if (!asking.signal.aborted) {
              setProblem(error.message);
            }
          }
        );
      },
      query ? PAUSE : 0
    );
    return () => {
      window.clearTimeout(timer);
      asking.abort();
    };
  }, [library, query]);

  const isListedAbove = ({ notebook, title }: IFoundConversation) =>
    notebook === path && title.toLowerCase().includes(query.toLowerCase());
  const shown = found?.filter(each => !isListedAbove(each)) ?? [];
  return (
    <>
      {problem && (
        <p className="jp-CodeAct-hint" role="alert">
          {problem}
        </p>
      )}
      {shown.length > 0 && (
        <>
          <h3 className="jp-CodeAct-group">
            {query
              ? trans.__('In all notebooks')
              : trans.__('In other notebooks')}
          </h3>
          <ul
            ref={list}
            className="jp-CodeAct-list"
            aria-label={trans.__('In all notebooks')}
          >
            {shown.map(each => (
              <Elsewhere key={each.id} found={each} onProblem={setProblem} />
            ))}
          </ul>
        </>
      )}
      {query && found?.length === 0 && (
        <p className="jp-CodeAct-hint" role="status">
          {trans.__('No conversation has “%1” in it.', query)}
        </p>
      )}
    </>
  );
}

function Elsewhere(props: {
  found: IFoundConversation;
  onProblem: (problem: string) => void;
}): React.JSX.Element {
  const { found, onProblem } = props;
  const { excerpt, id, notebook, updated } = found;
  const { library, model, trans } = usePanel();
  const title = found.title || trans.__('New conversation');
  return (
    <li className="jp-CodeAct-row" data-row>
      <button
        type="button"
        className="jp-CodeAct-rowMain jp-Button jp-mod-minimal"
        onClick={() => {
          library.open(found).then(
            () => model.open(null),
            (error: Error) => onProblem(error.message)
          );
        }}
      >
        <span className="jp-CodeAct-rowTitle">{title}</span>
        {excerpt && <span className="jp-CodeAct-rowDetail">{excerpt}</span>}
        <span className="jp-CodeAct-rowDetail">
          {[notebook, timeText(updated)].join(' · ')}
        </span>
      </button>
      <IconButton
        icon={downloadIcon}
        label={trans.__('Export %1', title)}
        onClick={() => {
          library.export(id).catch((error: Error) => onProblem(error.message));
        }}
      />
    </li>
  );
}
