import { outcomeOf } from '../outcome';

function stream(text: string | string[]) {
  return { output_type: 'stream', name: 'stdout', text };
}

function result(data: Record<string, unknown>) {
  return { output_type: 'execute_result', data, metadata: {} };
}

/** What pandas makes of a table. */
function frame(rows: number, shape = ''): string {
  const row = (cell: string) =>
    `<tr><th>0</th><${cell}>a</${cell}><${cell}>b</${cell}></tr>`;
  return (
    '<div><style scoped>.dataframe {}</style><table class="dataframe">' +
    `<thead>${row('th')}</thead><tbody>${row('td').repeat(rows)}</tbody>` +
    `</table>${shape && `<p>${shape}</p>`}</div>`
  );
}

describe('What came out of a cell', () => {
  it('is nothing without outputs', () => {
    expect(outcomeOf([])).toBeNull();
    expect(outcomeOf([stream('\n')])).toBeNull();
  });

  it('keeps its order, however nbformat spells it, and what was printed in one go together', () => {
    const outputs = [
      stream(['a\n', 'b\n']),
      stream('c\n'),
      result({ 'text/plain': '42' }),
      stream('d')
    ];
    expect(outcomeOf(outputs)!.parts).toEqual([
      { kind: 'text', text: 'a\nb\nc', isTail: true },
      { kind: 'text', text: '42', isTail: false },
      { kind: 'text', text: 'd', isTail: true }
    ]);
  });

  it('has a table with all its columns, and says how big it is', () => {
    const html = frame(10, '344 rows × 8 columns');
    const [whole, head] = outcomeOf([
      result({ 'text/plain': 'a  b ...', 'text/html': frame(3) }),
      result({ 'text/plain': '', 'text/html': html })
    ])!.parts;
    expect(whole).toMatchObject({ table: { rows: 3, columns: 2, shape: '' } });
    expect(head).toEqual({
      kind: 'html',
      html,
      table: { rows: 10, columns: 2, shape: '344 rows × 8 columns' }
    });
  });

  it('is text where HTML is nothing without its code or style', () => {
    const outputs = [
      result({
        'text/plain': 'LinearRegression()',
        'text/html': '<style>#a {}</style><pre>LinearRegression()</pre>'
      })
    ];
    expect(outcomeOf(outputs)!.parts).toEqual([
      { kind: 'text', text: 'LinearRegression()', isTail: false }
    ]);
  });

  it('keeps both ends of absurdly long text', () => {
    const text = `begin${'x'.repeat(100_000)}end`;
    const [part] = outcomeOf([stream(text)])!.parts;
    expect(part).toMatchObject({ kind: 'text' });
    const shown = (part as { text: string }).text;
    expect(shown.length).toBeLessThan(50_000);
    expect(shown).toMatch(/^begin[^]*\n…\n[^]*end$/);
  });

  it('is what stays of a progress bar, without colors', () => {
    const text = '10%\r\u001b[31m50%\u001b[0m\r100%\nend\r\n';
    expect(outcomeOf([stream(text)])!.parts).toMatchObject([
      { text: '100%\nend' }
    ]);
  });

  it('ends with the error, if there is one', () => {
    const error = {
      output_type: 'error',
      ename: 'ValueError',
      evalue: 'no',
      traceback: []
    };
    const outcome = outcomeOf([stream('a'), error])!;
    expect(outcome.error).toBe('ValueError: no');
    expect(outcome.parts).toMatchObject([
      { kind: 'text', text: 'a' },
      { kind: 'error', text: 'ValueError: no' }
    ]);
  });

  it('is what was printed before an interrupt', () => {
    const error = { output_type: 'error', ename: 'KeyboardInterrupt' };
    const outcome = outcomeOf([stream('a'), error])!;
    expect(outcome.error).toBe('');
    expect(outcome.parts).toMatchObject([{ text: 'a' }]);
  });

  it('has every picture, those in a row together', () => {
    const picture = result({ 'text/plain': '<Figure>', 'image/png': 'AA\nAA' });
    const svg = result({ 'image/svg+xml': ['<svg', '/>'] });
    expect(
      outcomeOf([picture, picture, svg, stream('x'), picture])!.parts
    ).toEqual([
      {
        kind: 'pictures',
        pictures: [
          'data:image/png;base64,AAAA',
          'data:image/png;base64,AAAA',
          'data:image/svg+xml,%3Csvg%2F%3E'
        ]
      },
      { kind: 'text', text: 'x', isTail: true },
      { kind: 'pictures', pictures: ['data:image/png;base64,AAAA'] }
    ]);
  });

  it('has maths and Markdown as such, and names what it cannot show', () => {
    const outputs = [
      result({ 'text/plain': 'x', 'text/latex': '$x^2$' }),
      result({ 'application/vnd.x+json': {} })
    ];
    expect(outcomeOf(outputs)!.parts).toEqual([
      { kind: 'markup', type: 'text/latex', source: '$x^2$' },
      { kind: 'other', type: 'application/vnd.x+json' }
    ]);
  });
});
