import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { IOutcome, ITable, OutputPart } from '../../session/outcome';
import { usePanel } from './context';
import { Rendered } from './rendered';

/** How many lines of a text, and rows of a table, are shown at first. */
const LINES = 8;
const ROWS = 5;

/** What a cell showed, as the notebook shows it, as far as it is shown at first in less room. */
export const Outputs = React.memo(function Outputs(props: {
  outcome: IOutcome;
  /** Whether there may come more. */
  isGrowing?: boolean;
}): React.JSX.Element {
  const { isGrowing, outcome } = props;
  const { trans } = usePanel();
  return (
    <div
      className="jp-CodeAct-outcome"
      tabIndex={0}
      role="group"
      aria-label={
        isGrowing
          ? trans.__('What has come out so far')
          : trans.__('What came out')
      }
    >
      {outcome.parts.map((part, index) => (
        <Part key={index} part={part} />
      ))}
    </div>
  );
});

function Part({ part }: { part: OutputPart }): React.JSX.Element {
  const { trans } = usePanel();
  switch (part.kind) {
    case 'text':
      return <TextPart text={part.text} isTail={part.isTail} />;
    case 'error':
      return <pre className="jp-CodeAct-error">{part.text}</pre>;
    case 'html':
      return <HtmlPart html={part.html} table={part.table} />;
    case 'markup':
      return <Rendered type={part.type} source={part.source} />;
    case 'pictures':
      return <Pictures pictures={part.pictures} />;
    case 'other':
      return (
        <div className="jp-CodeAct-others">
          {trans.__('Shown in the notebook only: %1', part.type)}
        </div>
      );
  }
}

function TextPart(props: { text: string; isTail: boolean }): React.JSX.Element {
  const { isTail, text } = props;
  const { trans } = usePanel();
  const [isWhole, setWhole] = React.useState(false);
  const lines = text.split('\n');
  const isLong = lines.length > LINES;
  const some = isTail ? lines.slice(-LINES) : lines.slice(0, LINES);
  return (
    <>
      {isLong && !isWhole && isTail && <div aria-hidden>…</div>}
      <pre>{isLong && !isWhole ? some.join('\n') : text}</pre>
      {isLong && !isWhole && !isTail && <div aria-hidden>…</div>}
      {isLong && (
        <More
          isOpen={isWhole}
          label={trans.__('Show all %1 lines', lines.length)}
          onClick={() => setWhole(!isWhole)}
        />
      )}
    </>
  );
}

/** HTML; of a long table the head, until the user wants all that the output has. */
function HtmlPart(props: {
  html: string;
  table: ITable | null;
}): React.JSX.Element {
  const { html, table } = props;
  const { trans } = usePanel();
  const [isWhole, setWhole] = React.useState(false);
  const isLong = (table?.rows ?? 0) > ROWS;
  return (
    <div
      className="jp-CodeAct-html"
      data-head={(isLong && !isWhole) || undefined}
      data-shaped={table?.shape ? true : undefined}
    >
      <Rendered type="text/html" source={html} />
      {table && (
        <div className="jp-CodeAct-shape">
          <span>{shapeOf(table, trans)}</span>
          {isLong && (
            <More
              isOpen={isWhole}
              label={trans.__('Show all')}
              onClick={() => setWhole(!isWhole)}
            />
          )}
        </div>
      )}
    </div>
  );
}

function shapeOf(table: ITable, trans: TranslationBundle): string {
  const { columns, rows, shape } = table;
  return (
    shape ||
    [
      trans._n('%1 row', '%1 rows', rows),
      trans._n('%1 column', '%1 columns', columns)
    ].join(' × ')
  );
}

/** A picture as wide as the panel; several as thumbnails, of which the user opens one. */
function Pictures({
  pictures
}: {
  pictures: readonly string[];
}): React.JSX.Element {
  const { trans } = usePanel();
  const [open, setOpen] = React.useState<number | null>(null);
  const { length } = pictures;
  if (length === 1) {
    return (
      <img
        src={pictures[0]}
        alt={trans.__('Figure shown by the cell')}
        decoding="async"
      />
    );
  }
  return (
    <>
      <div className="jp-CodeAct-figureCount">
        {trans._n('%1 figure', '%1 figures', length)}
      </div>
      <div className="jp-CodeAct-thumbnails">
        {pictures.map((picture, index) => (
          <button
            key={index}
            type="button"
            className="jp-CodeAct-thumbnail jp-Button jp-mod-minimal"
            aria-pressed={open === index}
            title={trans.__('Figure %1 of %2', index + 1, length)}
            onClick={() => setOpen(open === index ? null : index)}
          >
            <img
              src={picture}
              alt={trans.__('Figure %1 of %2', index + 1, length)}
              decoding="async"
            />
          </button>
        ))}
      </div>
      {open !== null && (
        <img
          src={pictures[open]}
          alt={trans.__('Figure %1 of %2', open + 1, length)}
        />
      )}
    </>
  );
}

function More(props: {
  isOpen: boolean;
  label: string;
  onClick: () => void;
}): React.JSX.Element {
  const { isOpen, label, onClick } = props;
  const { trans } = usePanel();
  return (
    <button
      type="button"
      className="jp-CodeAct-more jp-Button jp-mod-minimal"
      aria-expanded={isOpen}
      onClick={onClick}
    >
      {isOpen ? trans.__('Show less') : label}
    </button>
  );
}
