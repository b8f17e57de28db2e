import { nullTranslator } from '@jupyterlab/translation';
import { ReactWidget } from '@jupyterlab/ui-components';
import { Widget } from '@lumino/widgets';
import * as React from 'react';
import { act } from 'react';

import { ModelChoice } from '../../protocol';
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
let widget: Widget;

beforeEach(async () => {
  Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: true });
  saved = jest.fn();
  const panel = { model: { models: { saveEndpoint: saved } }, trans };
  widget = ReactWidget.create(
    <PanelProvider value={panel as unknown as IPanelContext}>
      <EndpointForm endpoint={ENDPOINT} onDone={() => undefined} />
    </PanelProvider>
  );
  await act(async () => Widget.attach(widget, document.body));
  node = widget.node;
});

afterEach(async () => {
  await act(async () => widget.dispose());
});

function field<T extends HTMLElement>(label: string): T {
  const labels = [...node.querySelectorAll('label')];
  return labels
    .find(({ textContent }) => textContent!.startsWith(label))!
    .querySelector<T>('input, select')!;
}

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
    expect(field<HTMLSelectElement>('Images').value).toBe('yes');
    await fill('Reasoning', 'off');
    await fill('Temperature', '');
    await fill('Reply limit', '4000');
    await fill('Guidance', 'small');
    await fill('Before running a cell', 'always');
    await act(async () => node.querySelector('form')!.requestSubmit());
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
      }
    });
  });

  it('refuses an extra body that is no JSON object', async () => {
    const body = field<HTMLInputElement>('Extra body');
    for (const wrong of ['{', '[1]', '7']) {
      await fill('Extra body', wrong);
      expect(body.checkValidity()).toBe(false);
    }
    await fill('Extra body', '{"min_p": 0.1}');
    expect(body.checkValidity()).toBe(true);
  });
});
