import * as React from 'react';

import { APPROVALS, approvalText } from '../../approval';
import { ModelChoice, ModelSettings } from '../../protocol';
import { usePanel } from './context';

const EFFORTS = ['off', 'minimal', 'low', 'medium', 'high'] as const;

/** What the fields of the settings have, as text. */
type SettingsText = { [name in keyof ModelSettings]: string };

/** Add an endpoint, or change one. The key only ever goes to the server: it is never shown. */
export function EndpointForm(props: {
  endpoint: ModelChoice | null;
  onDone: () => void;
}): React.JSX.Element {
  const { endpoint, onDone } = props;
  const { model, trans } = usePanel();
  const [name, setName] = React.useState(endpoint?.name ?? '');
  const [url, setUrl] = React.useState(endpoint?.where ?? '');
  const [served, setServed] = React.useState(endpoint?.detail ?? '');
  const [key, setKey] = React.useState('');
  const [isKeyless, setKeyless] = React.useState(false);
  const [images, setImages] = React.useState(
    yesOrNo(endpoint?.supports_images)
  );
  const [guidance, setGuidance] = React.useState<string>(
    endpoint?.guidance ?? ''
  );
  const [approval, setApproval] = React.useState<string>(
    endpoint?.approval ?? ''
  );
  const [settings, setSettings] = React.useState(asText(endpoint?.settings));
  const form = React.useRef<HTMLFormElement>(null);
  const body = React.useRef<HTMLInputElement>(null);

  React.useEffect(() => {
    form
      .current!.querySelector<HTMLInputElement>('input:not([readonly])')!
      .focus();
  }, []);

  const save = (event: React.FormEvent) => {
    event.preventDefault();
    model.models.saveEndpoint({
      name: name.trim(),
      url: url.trim(),
      model: served.trim(),
      api_key: isKeyless ? '' : key || null,
      supports_images: images === '' ? null : images === 'yes',
      guidance: (guidance || null) as ModelChoice['guidance'],
      approval: (approval || null) as ModelChoice['approval'],
      settings: asSettings(settings)
    });
    onDone();
  };

  const set = (field: keyof ModelSettings) => (value: string) => {
    setSettings({ ...settings, [field]: value });
    if (field === 'extra_body') {
      body.current!.setCustomValidity(
        isObject(value)
          ? ''
          : trans.__('A JSON object, such as %1', '{"top_k": 20}')
      );
    }
  };

  return (
    <form
      ref={form}
      className="jp-CodeAct-endpoint"
      aria-label={
        endpoint ? trans.__('Edit Endpoint') : trans.__('Add Endpoint')
      }
      autoComplete="off"
      onSubmit={save}
      onKeyDown={event => {
        if (event.key === 'Escape') {
          event.stopPropagation();
          onDone();
        }
      }}
    >
      <Field
        label={trans.__('Name')}
        value={name}
        onChange={setName}
        required
        readOnly={endpoint !== null}
      />
      <Field
        label={trans.__('Address')}
        type="url"
        placeholder="http://localhost:8000/v1"
        pattern="https?://.+"
        title={trans.__('An address that begins with http:// or https://')}
        value={url}
        onChange={setUrl}
        required
      />
      <Field
        label={trans.__('Model')}
        placeholder={trans.__('The only one it has, if empty')}
        value={served}
        onChange={setServed}
      />
      <Field
        label={trans.__('Key')}
        type="password"
        autoComplete="new-password"
        placeholder={
          endpoint?.has_key ? trans.__('Unchanged') : trans.__('None, if empty')
        }
        value={key}
        onChange={setKey}
        disabled={isKeyless}
      />
      {endpoint?.has_key && (
        <label className="jp-CodeAct-check">
          <input
            type="checkbox"
            checked={isKeyless}
            onChange={({ target }) => setKeyless(target.checked)}
          />
          {trans.__('Forget the key')}
        </label>
      )}
      <details>
        <summary>{trans.__('Model settings')}</summary>
        <Choice
          label={trans.__('Images')}
          value={images}
          onChange={setImages}
          choices={{
            '': trans.__('If the endpoint says so'),
            yes: trans.__('Yes'),
            no: trans.__('No')
          }}
        />
        <Choice
          label={trans.__('Guidance')}
          value={guidance}
          onChange={setGuidance}
          choices={{
            '': trans.__('By the size of the model'),
            small: trans.__('Small model'),
            capable: trans.__('Capable model')
          }}
        />
        <Choice
          label={trans.__('Before running a cell')}
          value={approval}
          onChange={setApproval}
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
          placeholder={trans.__('In tokens; none, if empty')}
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
      </details>
      <div className="jp-CodeAct-buttons">
        <button
          type="button"
          className="jp-Button jp-mod-styled jp-mod-reject"
          onClick={onDone}
        >
          {trans.__('Cancel')}
        </button>
        <button type="submit" className="jp-Button jp-mod-styled jp-mod-accept">
          {trans.__('Save')}
        </button>
      </div>
    </form>
  );
}

const Field = React.forwardRef<
  HTMLInputElement,
  Omit<React.InputHTMLAttributes<HTMLInputElement>, 'onChange'> & {
    label: string;
    onChange: (value: string) => void;
  }
>(function Field({ label, onChange, ...rest }, ref) {
  return (
    <label className="jp-CodeAct-field">
      <span>{label}</span>
      <input
        ref={ref}
        className="jp-mod-styled"
        {...rest}
        onChange={({ target }) => onChange(target.value)}
      />
    </label>
  );
});

function Choice(props: {
  label: string;
  value: string;
  choices: { [value: string]: string };
  onChange: (value: string) => void;
}): React.JSX.Element {
  const { label, value, choices, onChange } = props;
  return (
    <label className="jp-CodeAct-field">
      <span>{label}</span>
      <select
        className="jp-mod-styled"
        value={value}
        onChange={({ target }) => onChange(target.value)}
      >
        {Object.entries(choices).map(([choice, text]) => (
          <option key={choice} value={choice}>
            {text}
          </option>
        ))}
      </select>
    </label>
  );
}

function yesOrNo(value: boolean | null | undefined): string {
  return typeof value === 'boolean' ? (value ? 'yes' : 'no') : '';
}

function asText(settings: ModelSettings | null | undefined): SettingsText {
  const { reasoning_effort, temperature, top_p, reply_tokens, extra_body } =
    settings ?? {};
  return {
    reasoning_effort: reasoning_effort ?? '',
    temperature: temperature?.toString() ?? '',
    top_p: top_p?.toString() ?? '',
    reply_tokens: reply_tokens?.toString() ?? '',
    extra_body: extra_body ? JSON.stringify(extra_body) : ''
  };
}

function asSettings(text: SettingsText): ModelSettings {
  const number = (value: string) => (value === '' ? null : Number(value));
  return {
    reasoning_effort: (text.reasoning_effort ||
      null) as ModelSettings['reasoning_effort'],
    temperature: number(text.temperature),
    top_p: number(text.top_p),
    reply_tokens: number(text.reply_tokens),
    extra_body: text.extra_body.trim() ? JSON.parse(text.extra_body) : null
  };
}

/** Whether a text is empty, or a JSON object. */
function isObject(text: string): boolean {
  if (!text.trim()) {
    return true;
  }
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}
