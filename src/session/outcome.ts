import { multiline } from '../multiline';

/** A table, as it is in HTML. */
export interface ITable {
  /** The rows that the output has, which may be fewer than the table's. */
  readonly rows: number;
  readonly columns: number;
  /** The table's own shape, as the cell tells it: "344 rows × 8 columns". */
  readonly shape: string;
}

/** One thing that a cell showed. */
export type OutputPart =
  /** `isTail`: of a long one, the end is of interest. */
  | { readonly kind: 'text'; readonly text: string; readonly isTail: boolean }
  | { readonly kind: 'error'; readonly text: string }
  | {
      readonly kind: 'html';
      readonly html: string;
      readonly table: ITable | null;
    }
  | {
      readonly kind: 'markup';
      readonly type: 'text/latex' | 'text/markdown';
      readonly source: string;
    }
  /** Pictures in a row, as data URIs. */
  | { readonly kind: 'pictures'; readonly pictures: readonly string[] }
  /** What only the notebook can show. */
  | { readonly kind: 'other'; readonly type: string };

/** What came out of a cell, in its order. */
export interface IOutcome {
  readonly parts: readonly OutputPart[];
  /** The error's name and message; empty if there is none. */
  readonly error: string;
}

/** The most characters of one text; of a longer one both ends stay. */
const MOST_TEXT = 40_000;
const PICTURES = ['image/png', 'image/jpeg', 'image/gif', 'image/webp'];
/** HTML that is drawn by code or by its own style sheet: without them it is not what it should be. */
const NEEDS_MORE = /<(script|iframe|style(?! scoped)|object|embed|canvas)\b/i;
const SHAPE = /<(p|small)>\s*(?:shape:\s*)?([^<]*\d\s*(?:×|x|,)?[^<]*)<\/\1>/i;

// eslint-disable-next-line no-control-regex
const ANSI = /\u001b\[[0-9;]*[A-Za-z]/g;

/** Read nbformat outputs; `null` if there is nothing to show. */
export function outcomeOf(
  outputs: readonly Record<string, unknown>[]
): IOutcome | null {
  const parts: OutputPart[] = [];
  let error = '';
  for (const output of outputs) {
    if (output.output_type === 'error') {
      // Of an interrupt the state tells; what was printed before says more.
      if (output.ename !== 'KeyboardInterrupt') {
        const { ename, evalue } = output;
        error = plain(evalue ? `${ename}: ${evalue}` : `${ename}`);
        parts.push({ kind: 'error', text: error });
      }
    } else if (output.output_type === 'stream') {
      addText(parts, multiline(output.text), true);
    } else {
      add(parts, (output.data ?? {}) as Record<string, unknown>);
    }
  }
  const shown = parts.flatMap(tidy);
  return shown.length > 0 ? { parts: shown, error } : null;
}

/** Add what one display shows, in the richest form that can be drawn as it was meant. */
function add(parts: OutputPart[], data: Record<string, unknown>): void {
  const picture = pictureOf(data);
  const html = multiline(data['text/html']);
  const table = html && tableOf(html);
  const text = multiline(data['text/plain']);
  const last = parts[parts.length - 1];
  if (picture) {
    if (last?.kind === 'pictures') {
      parts[parts.length - 1] = {
        kind: 'pictures',
        pictures: [...last.pictures, picture]
      };
    } else {
      parts.push({ kind: 'pictures', pictures: [picture] });
    }
  } else if (table || (html && !NEEDS_MORE.test(html))) {
    parts.push({ kind: 'html', html, table: table || null });
  } else if (data['text/markdown'] || data['text/latex']) {
    const type = data['text/markdown'] ? 'text/markdown' : 'text/latex';
    parts.push({ kind: 'markup', type, source: multiline(data[type]) });
  } else if ('text/plain' in data) {
    addText(parts, `${text}\n`, false);
  } else {
    parts.push(
      ...Object.keys(data)
        .slice(0, 1)
        .map(type => ({ kind: 'other', type }) as const)
    );
  }
}

function addText(parts: OutputPart[], text: string, isTail: boolean): void {
  const last = parts[parts.length - 1];
  if (last?.kind === 'text' && last.isTail === isTail) {
    parts[parts.length - 1] = { ...last, text: last.text + text };
  } else {
    parts.push({ kind: 'text', text, isTail });
  }
}

function pictureOf(data: Record<string, unknown>): string | null {
  const type = PICTURES.find(each => data[each]);
  if (type) {
    return `data:${type};base64,${multiline(data[type]).replace(/\s/g, '')}`;
  }
  const svg = multiline(data['image/svg+xml']);
  // As a picture, so that nothing in it is fetched or run.
  return svg ? `data:image/svg+xml,${encodeURIComponent(svg)}` : null;
}

/** The shape of a table in HTML; `null` if there is none. */
function tableOf(html: string): ITable | null {
  const start = html.search(/<table\b/i);
  if (start < 0) {
    return null;
  }
  const table = html.slice(start);
  const rows = table.split(/<tr\b/i).slice(1);
  const heads = rows.filter(row => !/<td\b/i.test(row)).length;
  const widest = rows.slice(-1)[0]?.split(/<td\b/i).length ?? 1;
  const [, , shape = ''] = SHAPE.exec(html) ?? [];
  return {
    rows: rows.length - heads,
    columns: widest - 1,
    shape: /\d/.test(shape) ? shape.trim() : ''
  };
}

/** A part as it is drawn; none if there is nothing in it. */
function tidy(part: OutputPart): readonly OutputPart[] {
  if (part.kind !== 'text') {
    return [part];
  }
  const text = plain(part.text);
  return text ? [{ ...part, text }] : [];
}

/** Text as a terminal would have left it: without colours, and without what a carriage return has overwritten. */
function plain(text: string): string {
  const half = MOST_TEXT / 2;
  const cut =
    text.length > MOST_TEXT
      ? `${text.slice(0, half)}\n…\n${text.slice(-half)}`
      : text;
  return cut
    .replace(ANSI, '')
    .split('\n')
    .map(line => line.replace(/\r$/, '').replace(/^[^]*\r/, ''))
    .join('\n')
    .trimEnd();
}
