import { multiline } from '../multiline';

/** What came out of a cell, in brief. */
export interface IOutcome {
  /** Its text: of an error the name and the message, else the last lines. */
  readonly text: string;
  /** Pictures, as data URIs. */
  readonly images: readonly string[];
  /** MIME types of what is neither text nor such a picture. */
  readonly others: readonly string[];
}

const LINES = 6;
const LINE_LENGTH = 160;
const IMAGES = 2;
const PICTURES = ['image/png', 'image/jpeg', 'image/gif'];

// eslint-disable-next-line no-control-regex
const ANSI = /\u001b\[[0-9;]*[A-Za-z]/g;

/** Summarise nbformat outputs; `null` if there is nothing to show. */
export function outcomeOf(
  outputs: readonly Record<string, unknown>[]
): IOutcome | null {
  const texts: string[] = [];
  const images: string[] = [];
  const others: string[] = [];
  for (const output of outputs) {
    if (output.output_type === 'error') {
      if (output.ename === 'KeyboardInterrupt') {
        continue; // The state shows it; what was printed before says more.
      }
      return { text: errorText(output), images: [], others: [] };
    }
    if (output.output_type === 'stream') {
      texts.push(multiline(output.text));
      continue;
    }
    const data = (output.data ?? {}) as Record<string, unknown>;
    const picture = PICTURES.find(type => data[type]);
    if (picture) {
      const base64 = multiline(data[picture]).replace(/\s/g, '');
      images.push(`data:${picture};base64,${base64}`);
    } else if ('text/plain' in data) {
      texts.push(multiline(data['text/plain']) + '\n');
    } else {
      others.push(...Object.keys(data).slice(0, 1));
    }
  }
  const text = lastLines(texts.join(''));
  const hasAny = text || images.length || others.length;
  return hasAny ? { text, images: images.slice(-IMAGES), others } : null;
}

function errorText(output: Record<string, unknown>): string {
  const { ename, evalue } = output;
  return lastLines(evalue ? `${ename}: ${evalue}` : `${ename}`);
}

function lastLines(text: string): string {
  const lines = text
    .replace(ANSI, '')
    .split('\n')
    // What a carriage return has overwritten was not meant to stay, as in a progress bar.
    .map(line => line.replace(/\r$/, '').replace(/^[^]*\r/, ''))
    .map(line =>
      line.length > LINE_LENGTH ? `${line.slice(0, LINE_LENGTH)}…` : line
    );
  const whole = lines.join('\n').trimEnd().split('\n');
  const last = whole.slice(-LINES);
  return (whole.length > LINES ? ['…', ...last] : last).join('\n');
}
