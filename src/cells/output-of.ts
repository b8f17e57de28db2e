import { ICellModel, isCodeCellModel } from '@jupyterlab/cells';

import { multiline } from '../multiline';

/** What a cell shows, for the model. */
export interface ICellOutput {
  readonly text: string;
  /** The last picture, as a data URI. */
  readonly image: string | null;
}

const IMAGES = ['image/png', 'image/jpeg'];
// eslint-disable-next-line no-control-regex
const COLOURS = /\x1b\[[0-9;]*m/g;

/** What a cell shows; `null` if that is nothing. */
export function outputOf(model: ICellModel): ICellOutput | null {
  if (!isCodeCellModel(model) || model.outputs.length === 0) {
    return null;
  }
  const texts: string[] = [];
  let image: string | null = null;
  for (const output of model.outputs.toJSON()) {
    const data = (output.data ?? {}) as Record<string, unknown>;
    const type = IMAGES.find(each => data[each] !== undefined);
    if (type) {
      image = `data:${type};base64,${multiline(data[type]).replace(/\s/g, '')}`;
    } else if (output.output_type === 'error') {
      texts.push(`${String(output.ename)}: ${String(output.evalue)}`);
    } else {
      texts.push(multiline(output.text ?? data['text/plain'] ?? ''));
    }
  }
  const text = texts.join('\n').replace(COLOURS, '').trim();
  return text || image ? { text, image } : null;
}
