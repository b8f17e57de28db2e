import { TranslationBundle } from '@jupyterlab/translation';

/** The most characters of one output of a cell that ran; longer text is cut. */
const LONGEST_TEXT = 1_000_000;

/** The most outputs of a cell that ran: its first and its last ones. */
const MOST_OUTPUTS = 5_000;

/** The most characters of one output where a whole notebook is read. */
const LONGEST_TEXT_IN_STATE = 20_000;

/** One output of a cell, exactly as nbformat 4 stores it. */
export type Output = Record<string, unknown>;

/** The outputs of a cell that ran, complete except for absurdly long text and absurdly many outputs. */
export function fullOutputs(
  outputs: Output[],
  trans: TranslationBundle
): Output[] {
  return fewer(outputs, trans).map(output =>
    cutOutput(output, LONGEST_TEXT, trans)
  );
}

/** At most some thousand outputs: the first and the last ones, and between them a note of how many are missing. */
function fewer(outputs: Output[], trans: TranslationBundle): Output[] {
  if (outputs.length <= MOST_OUTPUTS) {
    return outputs;
  }
  const half = MOST_OUTPUTS / 2;
  const note = trans.__('… %1 outputs left out …', outputs.length - 2 * half);
  return [
    ...outputs.slice(0, half),
    { output_type: 'stream', name: 'stderr', text: `${note}\n` },
    ...outputs.slice(-half)
  ];
}

/** Outputs in brief: long text is cut, images keep their MIME type but not their data. */
export function briefOutputs(
  outputs: Output[],
  trans: TranslationBundle
): Output[] {
  return outputs.map(output => {
    const brief = cutOutput(output, LONGEST_TEXT_IN_STATE, trans);
    const data = brief.data as Record<string, unknown> | undefined;
    if (data) {
      brief.data = Object.fromEntries(
        Object.entries(data).map(([type, value]) => [
          type,
          type.startsWith('image/') ? '' : value
        ])
      );
    }
    return brief;
  });
}

/** Text of at most about `limit` characters: both ends, and between them a note of how much is missing. */
export function cut(
  text: string,
  limit: number,
  trans: TranslationBundle
): string {
  if (text.length <= limit) {
    return text;
  }
  const half = Math.floor(limit / 2);
  const note = trans.__('… %1 characters left out …', text.length - 2 * half);
  return `${text.slice(0, half)}\n${note}\n${text.slice(-half)}`;
}

function cutOutput(
  output: Output,
  limit: number,
  trans: TranslationBundle
): Output {
  const result: Output = { ...output };
  if ('text' in result) {
    result.text = cutValue(result.text, limit, trans);
  }
  if ('traceback' in result) {
    result.traceback = (result.traceback as string[]).map(line =>
      cut(line, limit, trans)
    );
  }
  if ('data' in result) {
    result.data = Object.fromEntries(
      Object.entries(result.data as object).map(([type, value]) => [
        type,
        type.startsWith('image/') ? value : cutValue(value, limit, trans)
      ])
    );
  }
  return result;
}

/** A multiline string, in either form that nbformat allows, as one string; JSON as it is, or as cut text. */
function cutValue(
  value: unknown,
  limit: number,
  trans: TranslationBundle
): unknown {
  if (typeof value === 'string') {
    return cut(value, limit, trans);
  }
  if (Array.isArray(value) && value.every(line => typeof line === 'string')) {
    return cut(value.join(''), limit, trans);
  }
  const json = JSON.stringify(value) ?? '';
  return json.length <= limit ? value : cut(json, limit, trans);
}
