import * as React from 'react';

import { ModelChoice } from '../../protocol';
import { usePanel } from './context';

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
  const form = React.useRef<HTMLFormElement>(null);

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
      api_key: isKeyless ? '' : key || null
    });
    onDone();
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

function Field(
  props: Omit<React.InputHTMLAttributes<HTMLInputElement>, 'onChange'> & {
    label: string;
    onChange: (value: string) => void;
  }
): React.JSX.Element {
  const { label, onChange, ...rest } = props;
  return (
    <label className="jp-CodeAct-field">
      <span>{label}</span>
      <input
        className="jp-mod-styled"
        {...rest}
        onChange={({ target }) => onChange(target.value)}
      />
    </label>
  );
}
