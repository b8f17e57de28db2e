import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { APPROVALS, approvalText } from '../../approval';
import { ModelSettings, Prices } from '../../protocol';
import { IPreferencesText, isObject } from '../preference-values';
import { usePanel } from './context';
import { Choice, Field } from './fields';

const PRICES = ['price_in', 'price_cached', 'price_out'] as const;
const EFFORTS = ['off', 'minimal', 'low', 'medium', 'high'] as const;

/** How a model is asked, and how much it may do. */
export function PreferenceFields(props: {
  value: IPreferencesText;
  /** Whether its tokens cost something. */
  isPriced: boolean;
  onChange: (value: IPreferencesText) => void;
}): React.JSX.Element {
  const { isPriced, onChange, value } = props;
  const { approval, guidance, images, prices, settings } = value;
  const { trans } = usePanel();
  const body = React.useRef<HTMLInputElement>(null);
  const set = (field: keyof ModelSettings) => (text: string) => {
    onChange({ ...value, settings: { ...settings, [field]: text } });
    if (field === 'extra_body') {
      body.current!.setCustomValidity(
        isObject(text)
          ? ''
          : trans.__('A JSON object, such as %1', '{"top_k": 20}')
      );
    }
  };
  return (
    <>
      <Choice
        label={trans.__('Images')}
        value={images}
        onChange={images => onChange({ ...value, images })}
        choices={{
          '': isPriced
            ? trans.__('If the endpoint says so')
            : trans.__('If the model takes them'),
          yes: trans.__('Yes'),
          no: trans.__('No')
        }}
      />
      <Choice
        label={trans.__('Guidance')}
        value={guidance}
        onChange={guidance => onChange({ ...value, guidance })}
        choices={{
          '': trans.__('By the size of the model'),
          small: trans.__('Small model'),
          capable: trans.__('Capable model')
        }}
      />
      <Choice
        label={trans.__('Before running a cell')}
        value={approval}
        onChange={approval => onChange({ ...value, approval })}
        choices={{
          '': trans.__('As in other notebooks'),
          ...Object.fromEntries(
            APPROVALS.map(each => [each, approvalText(each, trans).label])
          )
        }}
      />
      <Choice
        label={trans.__('Reasoning')}
        value={settings.reasoning_effort}
        onChange={set('reasoning_effort')}
        choices={{
          '': trans.__('Default of the model'),
          ...Object.fromEntries(EFFORTS.map(effort => [effort, effort]))
        }}
      />
      <Field
        label={trans.__('Temperature')}
        type="number"
        min="0"
        max="2"
        step="any"
        placeholder={trans.__('Default of the model')}
        value={settings.temperature}
        onChange={set('temperature')}
      />
      <Field
        label={trans.__('Top p')}
        type="number"
        min="0.01"
        max="1"
        step="any"
        placeholder={trans.__('Default of the model')}
        value={settings.top_p}
        onChange={set('top_p')}
      />
      <Field
        label={trans.__('Reply limit')}
        type="number"
        min="1"
        step="1"
        placeholder={
          isPriced
            ? trans.__('In tokens; none, if empty')
            : trans.__('In tokens')
        }
        value={settings.reply_tokens}
        onChange={set('reply_tokens')}
      />
      <Field
        ref={body}
        label={trans.__('Extra body')}
        placeholder='{"top_k": 20}'
        title={trans.__('Further fields of each request, as a JSON object')}
        value={settings.extra_body}
        onChange={set('extra_body')}
      />
      {isPriced &&
        PRICES.map(field => (
          <Field
            key={field}
            label={priceLabel(field, trans)}
            type="number"
            min="0"
            step="any"
            placeholder={trans.__('Dollars for a million tokens')}
            value={prices[field]}
            onChange={text =>
              onChange({ ...value, prices: { ...prices, [field]: text } })
            }
          />
        ))}
    </>
  );
}

function priceLabel(field: keyof Prices, trans: TranslationBundle): string {
  switch (field) {
    case 'price_in':
      return trans.__('Price of prompts');
    case 'price_cached':
      return trans.__('Price of cached prompts');
    case 'price_out':
      return trans.__('Price of replies');
  }
}
