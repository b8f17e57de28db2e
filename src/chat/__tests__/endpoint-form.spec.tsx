import { nullTranslator } from '@jupyterlab/translation';
import { ReactWidget } from '@jupyterlab/ui-components';
import { Widget } from '@lumino/widgets';
import * as React from 'react';
import { act } from 'react';

import { ModelChoice, Preferences } from '../../protocol';
import { IPanelContext, PanelProvider } from '../components/context';
import { EndpointForm } from '../components/endpoint-form';

const trans = nullTranslator.load('jupyter_codeact');
const ENDPOINT = {
  id: 'endpoint:work',
  name: 'work',
  where: 'https://models.example/v1',
  detail: 'big',
  supports_images: true,
  guidance: null,
  approval: null,
  settings: {
    reasoning_effort: 'low',
    temperature: 0.5,
    top_p: null,
    reply_tokens: null,
    extra_body: { top_k: 20 }
  }
} as unknown as ModelChoice;

let node: HTMLElement;
let saved: jest.Mock;
let set: jest.Mock;
let tested: jest.Mock;
let done: jest.Mock;
let shown: jest.Mock;
let widget: Widget;

beforeEach(() => {
  Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: true });
  saved = jest.fn();
  set = jest.fn();
  tested = jest.fn(async () => ['big', 'small']);
  done = jest.fn();
  shown = jest.fn(); // which jsdom does not have
  Element.prototype.scrollIntoView = shown;
});

async function show(
  endpoint: ModelChoice | null = ENDPOINT,
  forKey = false
): Promise<void> {
  const models = {
    saveEndpoint: saved,
    setPreferences: set,
    test: tested
  };
  const panel = { model: { models }, trans };
  widget = ReactWidget.create(
    <PanelProvider value={panel as unknown as IPanelContext}>
      <EndpointForm endpoint={endpoint} forKey={forKey} onDone={done} />
    </PanelProvider>
  );
  await act(async () => Widget.attach(widget, document.body));
  node = widget.node;
}

afterEach(async () => {
  await act(async () => widget.dispose());
});

function field<T extends HTMLElement>(label: string): T {
  const labels = [...node.querySelectorAll('label')];
  return labels
    .find(({ textContent }) => textContent!.startsWith(label))!
    .querySelector<T>('input, select')!;
}

const submit = () =>
  act(async () => node.querySelector('form')!.requestSubmit());
const problem = () => node.querySelector('[role=alert]')?.textContent ?? '';
const button = () => node.querySelector('[type=submit]')!.textContent;

async function fill(label: string, value: string): Promise<void> {
  const input = field<HTMLInputElement>(label);
  const kind =
    input instanceof HTMLSelectElement ? HTMLSelectElement : HTMLInputElement;
  await act(async () => {
    Object.getOwnPropertyDescriptor(kind.prototype, 'value')!.set!.call(
      input,
      value
    );
    input.dispatchEvent(
      new Event(kind === HTMLSelectElement ? 'change' : 'input', {
        bubbles: true
      })
    );
  });
}

describe('The form of an endpoint', () => {
  it('saves what is set for its models, and what is emptied as not set', async () => {
    await show();
    expect(field<HTMLSelectElement>('Images').value).toBe('yes');
    await fill('Reasoning', 'off');
    await fill('Temperature', '');
    await fill('Reply limit', '4000');
    await fill('Guidance', 'small');
    await fill('Before running a cell', 'always');
    await fill('Price of prompts', '0.15');
    await submit();
    expect(saved).toHaveBeenCalledWith({
      name: 'work',
      url: 'https://models.example/v1',
      model: 'big',
      api_key: null,
      supports_images: true,
      guidance: 'small',
      approval: 'always',
      settings: {
        reasoning_effort: 'off',
        temperature: null,
        top_p: null,
        reply_tokens: 4000,
        extra_body: { top_k: 20 }
      },
      prices: { price_in: 0.15, price_cached: null, price_out: null }
    });
    expect(done).toHaveBeenCalled();
  });

  it('saves apart what is set for one of its models alone', async () => {
    await show({
      ...ENDPOINT,
      models: { big: { guidance: 'capable' } as unknown as Preferences }
    });
    expect(field<HTMLSelectElement>('Guidance').value).toBe('');
    await fill('These hold for', 'one');
    expect(field<HTMLSelectElement>('Guidance').value).toBe('capable');
    await fill('Temperature', '0.9');
    await fill('These hold for', 'all');
    expect(field<HTMLInputElement>('Temperature').value).toBe('0.5');
    await submit();
    expect(saved.mock.calls[0][0].settings.temperature).toBe(0.5);
    expect(set.mock.calls).toMatchObject([
      [
        {
          choice: 'endpoint:work',
          model: 'big',
          preferences: { guidance: 'capable', settings: { temperature: 0.9 } }
        }
      ]
    ]);
  });

  it('sends nothing while an extra body that is not in view cannot be read', async () => {
    await show();
    await fill('Extra body', '{bad');
    await fill('These hold for', 'one');
    await submit();
    expect(problem()).toContain('has to be a JSON object');
    expect(saved).not.toHaveBeenCalled();
  });

  it('refuses an extra body that is no JSON object', async () => {
    await show();
    const body = field<HTMLInputElement>('Extra body');
    for (const wrong of ['{', '[1]', '7']) {
      await fill('Extra body', wrong);
      expect(body.checkValidity()).toBe(false);
    }
    await fill('Extra body', '{"min_p": 0.1}');
    expect(body.checkValidity()).toBe(true);
  });

  it('is tested before it is saved, and says what is wrong', async () => {
    tested.mockRejectedValueOnce(new Error('It wants an API key.'));
    await show();
    await submit();
    expect(problem()).toBe('It wants an API key.');
    expect(shown.mock.contexts).toEqual([node.querySelector('[role=alert]')]);
    expect(saved).not.toHaveBeenCalled();
    await fill('Key', 'sk');
    expect(problem()).toBe('');
    await submit();
    expect(tested).toHaveBeenLastCalledWith(
      expect.objectContaining({ name: 'work', api_key: 'sk' })
    );
    expect(saved).toHaveBeenCalledTimes(1);
  });

  it('can be saved though it does not answer', async () => {
    tested.mockRejectedValue(new Error('It does not answer.'));
    await show();
    await submit();
    expect(button()).toBe('Save Anyway');
    await submit();
    expect(saved).toHaveBeenCalledTimes(1);
  });

  it('offers the models that the endpoint lists', async () => {
    await show();
    await fill('Model', '');
    await submit();
    expect(problem()).toBe('It has 2 models: choose one above.');
    const served = [...node.querySelectorAll('.jp-CodeAct-served button')];
    expect(served.map(each => each.textContent)).toEqual(['big', 'small']);
    await act(async () => (served[1] as HTMLElement).click());
    await submit();
    expect(saved).toHaveBeenCalledWith(
      expect.objectContaining({ model: 'small' })
    );
  });

  it('knows the addresses of usual servers', async () => {
    await show(null);
    await fill('Server', 'Ollama');
    expect(field<HTMLInputElement>('Name').value).toBe('Ollama');
    expect(field<HTMLInputElement>('Address').value).toBe(
      'http://localhost:11434/v1'
    );
    await fill('Server', 'LM Studio');
    expect(field<HTMLInputElement>('Name').value).toBe('LM Studio');
    await fill('Name', 'Mine');
    await fill('Server', 'OpenAI');
    expect(field<HTMLInputElement>('Name').value).toBe('Mine');
  });

  it('begins at the key for who comes to change it', async () => {
    await show(ENDPOINT, true);
    expect(document.activeElement).toBe(field('Key'));
  });
});
