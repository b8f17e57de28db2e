import { outcomeOf } from '../outcome';

function stream(text: string | string[]) {
  return { output_type: 'stream', name: 'stdout', text };
}

function result(data: Record<string, unknown>) {
  return { output_type: 'execute_result', data, metadata: {} };
}

describe('What came out of a cell, in brief,', () => {
  it('is nothing without outputs', () => {
    expect(outcomeOf([])).toBeNull();
    expect(outcomeOf([stream('\n')])).toBeNull();
  });

  it('is its text in order, however nbformat spells it', () => {
    const outputs = [
      stream(['a\n', 'b\n']),
      result({ 'text/plain': '42', 'text/html': '<b>42</b>' })
    ];
    expect(outcomeOf(outputs)).toEqual({
      text: 'a\nb\n42',
      images: [],
      others: []
    });
  });

  it('is the end of long text, with a sign that there is more', () => {
    const lines = Array.from({ length: 9 }, (_, i) => `${i}`).join('\n');
    expect(outcomeOf([stream(lines)])!.text).toBe('…\n3\n4\n5\n6\n7\n8');
    const text = outcomeOf([stream('x'.repeat(500))])!.text;
    expect(text).toHaveLength(161);
  });

  it('is what stays of a progress bar, without colors', () => {
    const text = '10%\r\u001b[31m50%\u001b[0m\r100%\nend\r\n';
    expect(outcomeOf([stream(text)])!.text).toBe('100%\nend');
  });

  it('is the error, if there is one', () => {
    const error = {
      output_type: 'error',
      ename: 'ValueError',
      evalue: 'no',
      traceback: []
    };
    expect(outcomeOf([stream('a'), error])).toEqual({
      text: 'ValueError: no',
      images: [],
      others: []
    });
  });

  it('is what was printed before an interrupt', () => {
    const error = { output_type: 'error', ename: 'KeyboardInterrupt' };
    expect(outcomeOf([stream('a'), error])!.text).toBe('a');
  });

  it('shows pictures, and names what it cannot show', () => {
    const outputs = [
      result({ 'text/plain': '<Figure>', 'image/png': 'AA\nAA\n' }),
      result({ 'application/vnd.x+json': {} })
    ];
    expect(outcomeOf(outputs)).toEqual({
      text: '',
      images: ['data:image/png;base64,AAAA'],
      others: ['application/vnd.x+json']
    });
  });
});
