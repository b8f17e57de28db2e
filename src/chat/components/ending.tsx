import { refreshIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import {
  cachedShare,
  dollars,
  IFigures,
  speed,
  sum
} from '../../session/figures';
import { IEnding } from '../../session/messages';
import { usePanel } from './context';
import { IconButton } from './icon-button';
import { Notice } from './notice';
import { Review } from './review';

/** How a run ended, what it cost, and what can be done about it. */
export function Ending(props: {
  run: string;
  ending: IEnding;
  isLast: boolean;
  isBusy: boolean;
}): React.JSX.Element {
  const { isBusy, isLast, run } = props;
  const { ending, hasChanges, message } = props.ending;
  const { focusComposer, model, trans } = usePanel();
  const isQuiet = ending === 'answered' || ending === 'stopped';
  const fallback =
    ending === 'stopped'
      ? trans.__('Stopped.')
      : trans.__('CodeAct could not finish this.');
  return (
    <>
      {ending !== 'answered' && (
        // An old alert in a conversation that is shown again is not to be read out.
        <Notice tone={isQuiet ? 'note' : 'alert'} isSilent={!isLast}>
          {message || fallback}
        </Notice>
      )}
      <div className="jp-CodeAct-ending" data-ending={ending}>
        <Figures ending={props.ending} />
        {isLast && (
          <IconButton
            icon={refreshIcon}
            label={trans.__('Try again')}
            disabled={isBusy}
            onClick={() => {
              focusComposer();
              model.composer.retry(run);
            }}
          />
        )}
        {hasChanges && <Review run={run} isBusy={isBusy} />}
      </div>
    </>
  );
}

/** What the run cost, and what each turn did when opened. */
function Figures({ ending }: { ending: IEnding }): React.JSX.Element {
  const { cost, figures, seconds, turns, usage } = ending;
  const { trans } = usePanel();
  const text = [
    trans._n('%1 turn', '%1 turns', turns),
    trans.__(
      '%1 tokens',
      (usage.prompt_tokens + usage.completion_tokens).toLocaleString()
    ),
    trans.__('%1 s', seconds.toFixed(1)),
    ...(cost === null ? [] : [dollars(cost)])
  ].join(' · ');
  if (figures.length === 0) {
    return <span className="jp-CodeAct-figures">{text}</span>;
  }
  const total = sum(figures);
  return (
    <details
      className="jp-CodeAct-figures"
      onToggle={({ currentTarget }) => {
        if (currentTarget.open) {
          currentTarget.scrollIntoView({ block: 'nearest' });
        }
      }}
    >
      <summary>{text}</summary>
      <table>
        <thead>
          <tr>
            <th scope="col">{trans.__('Turn')}</th>
            <th scope="col">{trans.__('Prompt')}</th>
            <th
              scope="col"
              title={trans.__('Share of the prompt that was in the cache')}
            >
              {trans.__('Cached')}
            </th>
            <th scope="col">{trans.__('Reply')}</th>
            <th scope="col" title={trans.__('Tokens of the reply per second')}>
              {trans.__('Tokens/s')}
            </th>
            <th scope="col" title={trans.__('Time until the first token')}>
              {trans.__('First')}
            </th>
          </tr>
        </thead>
        <tbody>
          {figures.map((each, index) => (
            <Row
              key={index}
              name={`${index + 1}`}
              figures={each}
              all={[each]}
            />
          ))}
        </tbody>
        {figures.length > 1 && (
          <tfoot>
            <Row name={trans.__('All')} figures={total} all={figures} />
          </tfoot>
        )}
      </table>
      {total.estimated && (
        <p>
          {trans.__(
            'The model does not count its tokens; these are estimates.'
          )}
        </p>
      )}
    </details>
  );
}

function Row(props: {
  name: string;
  figures: IFigures;
  all: readonly IFigures[];
}): React.JSX.Element {
  const { all, figures, name } = props;
  const { trans } = usePanel();
  const { completion_tokens, first, prompt_tokens } = figures;
  const cached = cachedShare(figures);
  const pace = speed(all);
  return (
    <tr>
      <th scope="row">{name}</th>
      <td>{prompt_tokens.toLocaleString()}</td>
      <td>
        {cached === null ? '–' : trans.__('%1 %', Math.round(cached * 100))}
      </td>
      <td>{completion_tokens.toLocaleString()}</td>
      <td>
        {pace === null
          ? '–'
          : pace.toLocaleString(undefined, {
              maximumFractionDigits: pace < 10 ? 1 : 0
            })}
      </td>
      <td>{first === null ? '–' : trans.__('%1 s', first.toFixed(1))}</td>
    </tr>
  );
}
