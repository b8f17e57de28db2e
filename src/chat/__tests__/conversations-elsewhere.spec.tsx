import { act } from 'react';

import { A, ShownPanel } from './shown-panel';

const FOUND = {
  id: 'c9',
  title: 'Fit a line',
  created: 1,
  updated: 2,
  runs: 1,
  notebook: 'work/b.ipynb',
  excerpt: 'The slope is 2.'
};

describe('The conversations of all notebooks', () => {
  it('are listed, searched, opened and exported', async () => {
    const shown = new ShownPanel();
    await shown.open();
    shown.library.search.mockResolvedValue([
      FOUND,
      { ...FOUND, id: 'c1', notebook: A, title: 'Of this notebook' }
    ]);
    await act(async () => shown.model.open('conversations'));
    await act(async () => new Promise(resolve => setTimeout(resolve, 10)));
    const rows = [...shown.all('[aria-label="In all notebooks"] li')];
    expect(rows.map(({ textContent }) => textContent)).toEqual([
      expect.stringContaining('Fit a lineThe slope is 2.work/b.ipynb')
    ]);
    const [open, save] = rows[0].querySelectorAll('button');
    await act(async () => save.click());
    expect(shown.library.export).toHaveBeenCalledWith('c9');
    shown.library.open.mockRejectedValueOnce(new Error('It is gone.'));
    await act(async () => open.click());
    expect(shown.find('[role=alert]').textContent).toBe('It is gone.');
    expect(shown.model.sheet).toBe('conversations');
    await act(async () => open.click());
    expect(shown.library.open).toHaveBeenCalledWith(FOUND);
    expect(shown.model.sheet).toBeNull();
    shown.close();
  });
});
