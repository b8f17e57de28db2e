import { waitForDialog } from '@jupyterlab/testing';
import { act } from 'react';

import { FakeConnection } from '../../__tests__/fake-connection';
import { ModelChoice } from '../../protocol';
import { ended, event, waiting } from '../../session/__tests__/events';
import { ChatModel } from '../model';
import { A, ShownPanel } from './shown-panel';

let connection: FakeConnection;
let model: ChatModel;
let shown: ShownPanel;

beforeEach(async () => {
  shown = new ShownPanel();
  ({ connection, model } = shown);
  await shown.open();
});

afterEach(() => shown.close());

describe('The composer and the models in the panel', () => {
  it('offers Stop and Queue while a run is under way, and Send else', async () => {
    expect(shown.button('Stop')).toBeUndefined();
    await shown.say(event('run_started', 0));
    expect(shown.button('Send')).toBeUndefined();
    expect(shown.button('Queue')!.disabled).toBe(true);
    await shown.type('And then this.', {});
    expect(shown.find('.jp-CodeAct-queue').textContent).toContain(
      'And then this.'
    );
    const stop = shown.find<HTMLButtonElement>(
      '.jp-CodeAct-composer .jp-mod-warn'
    );
    await act(async () => stop.click());
    expect(connection.takeRequests()).toMatchObject([{ type: 'stop' }]);
    expect(stop.disabled).toBe(true);
    expect(document.activeElement).toBe(shown.find('textarea'));
    await shown.say(ended(1, { ending: 'stopped' }));
    expect(shown.button('Send')).toBeDefined();
    expect(shown.find('.jp-CodeAct-notice').textContent).toBe('Stopped.');
    expect(shown.find('.jp-CodeAct-held').textContent).toContain('no answer');
    await act(async () => shown.button('Take this back')!.click());
    expect(shown.find<HTMLTextAreaElement>('textarea').value).toBe(
      'And then this.'
    );
  });

  it('tells the model why a cell is skipped', async () => {
    await shown.say(...waiting('x = 1'));
    await act(async () => shown.button('Skip and Say Why…')!.click());
    const field = shown.find<HTMLTextAreaElement>(
      '.jp-CodeAct-comment textarea'
    );
    expect(document.activeElement).toBe(field);
    expect(shown.button('Skip')!.disabled).toBe(true);
    await act(async () => {
      Object.getOwnPropertyDescriptor(
        HTMLTextAreaElement.prototype,
        'value'
      )!.set!.call(field, 'Call it y.');
      field.dispatchEvent(new Event('input', { bubbles: true }));
    });
    await act(async () => shown.button('Skip')!.click());
    expect(connection.takeRequests()).toMatchObject([
      { type: 'resolve_approval', approved: false, comment: 'Call it y.' }
    ]);
  });

  it('shows how full the context is, and what a run cost', async () => {
    expect(shown.find('.jp-CodeAct-context')).toBeNull();
    await shown.say(
      event('run_started', 0),
      event('model_described', 0, { context_window: 1000 }),
      event('reply', 1, { prose: 'Five.' }),
      ended(1, { cost: 0.00123 })
    );
    const meter = shown.find('[role=meter]');
    expect(meter.textContent).toBe('12 % of context');
    expect(meter.title).toContain('120 of the 1,000 tokens');
    expect(shown.find('.jp-CodeAct-figures').textContent).toContain('$0.0012');
  });

  it('offers what there is to work with, and tasks to begin with', async () => {
    await act(async () => {
      model.shown(false);
      connection.receive({
        type: 'variable_list',
        notebook: A,
        variables: [
          {
            name: 'penguins',
            type: 'DataFrame',
            summary: '344 rows x 8 columns: a int',
            names: ['a']
          }
        ]
      });
    });
    const first = shown.find('.jp-CodeAct-first');
    expect(first.textContent).toContain('I see penguins (344 × 8)');
    const [task] = first.querySelectorAll<HTMLElement>('.jp-CodeAct-starter');
    await act(async () => task.click());
    expect(shown.find<HTMLTextAreaElement>('textarea').value).toBe(
      task.textContent!.replace('penguins', '`penguins`')
    );
  });

  it('says which files there are when no notebook is open', async () => {
    await act(async () => {
      shown.notebooks.show(null);
    });
    await act(async () => {
      model.shown(false);
    });
    expect(shown.find('.jp-CodeAct-first').textContent).toContain(
      'I see data.csv.'
    );
  });

  it('leads from a refused key to the form of the endpoint', async () => {
    const endpoint = {
      id: 'endpoint:work',
      name: 'work',
      kind: 'endpoint',
      where: 'https://models.example/v1',
      has_key: true
    };
    await act(async () => {
      connection.receive({
        type: 'model_status',
        model: 'm',
        state: 'failed',
        progress: null,
        message: 'It refused the API key.',
        where: '',
        needs_key: true
      });
    });
    await act(async () => shown.button('Change the Key…')!.click());
    await act(async () =>
      connection.receive({
        type: 'model_list',
        chosen: 'endpoint:work',
        choices: [endpoint as unknown as ModelChoice]
      })
    );
    expect(
      shown.find<HTMLInputElement>('form.jp-CodeAct-endpoint input').value
    ).toBe('work');
    expect(document.activeElement).toBe(shown.find('input[type=password]'));
  });

  it('shows a download with its progress', async () => {
    await act(async () =>
      connection.receive({
        type: 'model_status',
        model: 'm',
        state: 'downloading',
        progress: 0.421,
        message: '1 GB',
        where: '',
        needs_key: false
      })
    );
    expect(shown.find('.jp-CodeAct-model').textContent).toBe(
      'mdownloading42 %1 GBCancelm: downloading'
    );
    expect(shown.find<HTMLProgressElement>('progress').value).toBe(0.421);
  });

  it('switches between a model and what was tuned of it', async () => {
    const common = {
      where: '',
      detail: '',
      present: true,
      runs: true,
      fits: '',
      size: '',
      licence: '',
      suggested: false,
      has_key: false
    };
    const base = {
      ...common,
      id: 'catalog:small',
      name: 'small',
      kind: 'catalog',
      base: ''
    };
    const tuned = {
      ...common,
      id: 'tuned:small+mine',
      name: 'small+mine',
      kind: 'tuned',
      base: base.id
    };
    const lost = {
      ...tuned,
      id: 'tuned:gone+it',
      name: 'gone+it',
      base: 'file:/gone.gguf'
    };
    const list = (chosen: string) =>
      act(async () =>
        connection.receive({
          type: 'model_list',
          chosen,
          choices: [base, tuned, lost] as unknown as ModelChoice[]
        })
      );
    await act(async () => model.open('models'));
    await list('catalog:small');
    const rows = () =>
      [...shown.panel.node.querySelectorAll('.jp-CodeAct-rowTitle')].map(
        row => row.textContent
      );
    expect(rows()).toEqual(['small', 'gone+it']);
    const versions = () =>
      shown.find<HTMLSelectElement>('select[aria-label="Version of small"]');
    expect(versions().value).toBe('catalog:small');
    expect([...versions().options].map(({ text }) => text)).toEqual([
      'Versions',
      'base',
      '+mine'
    ]);
    connection.takeRequests();
    await act(async () => {
      versions().value = 'tuned:small+mine';
      versions().dispatchEvent(new Event('change', { bubbles: true }));
    });
    expect(connection.takeRequests()).toMatchObject([
      { type: 'choose_model', choice: 'tuned:small+mine' }
    ]);
    await list('tuned:small+mine');
    expect(rows()).toEqual(['small+mine', 'gone+it']);
    expect(versions().value).toBe('tuned:small+mine');
  });

  it('asks before it downloads a model, with its size and licence', async () => {
    const choice = {
      kind: 'catalog' as const,
      where: '',
      detail: '',
      runs: true,
      fits: 'on the CPU',
      licence: 'Apache-2.0',
      suggested: false,
      base: '',
      has_key: false,
      supports_images: null,
      guidance: null,
      approval: null,
      prices: null,
      settings: null,
      models: {}
    };
    await act(async () => {
      model.open('models');
      connection.receive({
        type: 'model_list',
        chosen: 'catalog:small',
        choices: [
          {
            ...choice,
            id: 'catalog:small',
            name: 'small',
            size: '1.1 GB',
            present: true
          },
          {
            ...choice,
            id: 'catalog:big',
            name: 'big',
            size: '6.6 GB',
            present: false,
            suggested: true
          },
          {
            ...choice,
            id: 'catalog:vast',
            name: 'vast',
            size: '30 GB',
            present: false,
            runs: false,
            fits: 'needs 31 GB of memory'
          }
        ]
      });
    });
    connection.takeRequests();
    const row = (name: string) =>
      [
        ...shown.panel.node.querySelectorAll<HTMLButtonElement>(
          '.jp-CodeAct-rowMain'
        )
      ].find(button => button.textContent!.startsWith(name))!;
    const names = [
      ...shown.panel.node.querySelectorAll('.jp-CodeAct-rowTitle')
    ];
    expect(names.map(({ textContent }) => textContent)).toEqual([
      'small',
      'big'
    ]);
    expect(row('vast')).toBeUndefined();
    expect(shown.find('.jp-CodeAct-tooBig').textContent).toContain(
      'needs 31 GB of memory'
    );
    expect(row('big').textContent).toContain('suggested for this machine');

    const answer = async (selector: string) => {
      await act(async () => row('big').click());
      await waitForDialog();
      const dialog = document.querySelector<HTMLElement>('.jp-Dialog')!;
      expect(dialog.textContent).toContain('6.6 GB, Apache-2.0');
      await act(async () =>
        dialog.querySelector<HTMLButtonElement>(selector)!.click()
      );
    };
    await answer('.jp-mod-reject');
    expect(connection.takeRequests()).toEqual([]);
    await answer('.jp-mod-accept');
    expect(connection.takeRequests()).toMatchObject([
      { type: 'choose_model', choice: 'catalog:big' },
      { type: 'control_model', action: 'start' }
    ]);
  });

  it('takes any model of the Hub by its name', async () => {
    await act(async () => model.open('models'));
    connection.takeRequests();
    await act(async () => shown.button('Another Model of the Hub…')!.click());
    await waitForDialog();
    const dialog = document.querySelector<HTMLElement>('.jp-Dialog')!;
    dialog.querySelector('input')!.value = 'someone/small-GGUF/small.gguf';
    await act(async () =>
      dialog.querySelector<HTMLButtonElement>('.jp-mod-accept')!.click()
    );
    await act(async () => undefined);
    expect(connection.takeRequests()).toMatchObject([
      { type: 'choose_model', choice: 'hf:someone/small-GGUF/small.gguf' }
    ]);
  });
});
