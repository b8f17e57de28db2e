import { nullTranslator } from '@jupyterlab/translation';

import { fullOutputs, Output } from '../notebook/outputs';

const trans = nullTranslator.load('jupyterlab');

describe('the outputs of a cell that ran', () => {
  it('are the first and the last ones, if there are absurdly many', () => {
    const many = Array.from({ length: 20_000 }, (_, number) => ({
      output_type: 'display_data',
      data: { 'text/plain': String(number) },
      metadata: {}
    }));
    const shown: Output[] = fullOutputs(many, trans);
    expect(shown.length).toBe(5_001);
    expect(shown[0]).toEqual(many[0]);
    expect(shown[2_500].text).toBe('… 15000 outputs left out …\n');
    expect(shown[5_000]).toEqual(many[19_999]);
  });
});
