import * as React from 'react';

import { ModelChoice } from '../../protocol';
import { PRESETS } from '../endpoint-presets';
import {
  asPreferences,
  IPreferencesText,
  isObject,
  preferencesAsText
} from '../preference-values';
import { usePanel } from './context';
import { Choice, Field } from './fields';
import { PreferenceFields } from './preference-fields';

/** How many of an endpoint's models are shown as buttons; all are in the field's own list. */
const MOST_LISTED = 30;

/**
 * Add an endpoint, or change one. The key only ever goes to the server: it is never shown.
 *
 * What is saved was tested, unless the user wants it all the same.
 */
export function EndpointForm(props: {
  endpoint: ModelChoice | null;
  /** Whether the user comes to give another key. */
  forKey?: boolean;
  onDone: () => void;
}): React.JSX.Element {
  const { endpoint, forKey, onDone } = props;
  const { model, trans } = usePanel();
  const [name, setName] = React.useState(endpoint?.name ?? '');
  const [url, setUrl] = React.useState(endpoint?.where ?? '');
  const [served, setServed] = React.useState(endpoint?.detail ?? '');
  const [key, setKey] = React.useState('');
  const [isKeyless, setKeyless] = React.useState(false);
  const [ofAll, setOfAll] = React.useState(() => preferencesAsText(endpoint));
  /** What the user has changed for single models. */
  const [ofOnes, setOfOne] = React.useState<{
    [model: string]: IPreferencesText;
  }>({});
  const [scope, setScope] = React.useState<'all' | 'one'>('all');
  /** The models that the endpoint lists, once it was asked. */
  const [listed, setListed] = React.useState<readonly string[]>([]);
  const [isTesting, setTesting] = React.useState(false);
  /** Why the endpoint is not saved yet. */
  const [problem, setProblem] = React.useState('');
  const form = React.useRef<HTMLFormElement>(null);
  const listId = React.useId();

  React.useEffect(() => {
    const field = forKey
      ? 'input[type=password]'
      : 'select, input:not([readonly])';
    form.current!.querySelector<HTMLElement>(field)!.focus();
  }, [forKey]);

  // With all settings shown, it would be out of sight.
  const alert = React.useRef<HTMLDivElement>(null);
  React.useEffect(() => {
    if (problem) {
      alert.current!.scrollIntoView({ block: 'nearest' });
    }
  }, [problem]);

  const address = url.trim();
  const isForOne = scope === 'one' && served.trim() !== '';
  const ofOne =
    ofOnes[served.trim()] ??
    preferencesAsText(endpoint?.models?.[served.trim()]);
  const apiKey = isKeyless ? '' : key || null;

  /** Ask the endpoint for its models. */
  const test = async () => {
    const models = await model.models.test({
      name: endpoint?.name ?? '',
      url: address,
      model: served.trim(),
      api_key: apiKey
    });
    setListed(models);
    return models;
  };

  /** What speaks against saving; empty if nothing does. */
  const doubt = async (): Promise<string> => {
    setTesting(true);
    try {
      const models = await test();
      const wanted = served.trim();
      if (!wanted && models.length > 1) {
        return trans.__('It has %1 models: choose one above.', models.length);
      }
      return wanted && models.length > 0 && !models.includes(wanted)
        ? trans.__('It does not list a model called %1.', wanted)
        : '';
    } catch (error) {
      return (error as Error).message;
    } finally {
      setTesting(false);
    }
  };

  const save = async (event: React.FormEvent) => {
    event.preventDefault();
    // Of what is not shown now, the browser checks nothing.
    const all = [ofAll, ...Object.values(ofOnes)];
    if (!all.every(each => isObject(each.settings.extra_body))) {
      setProblem(
        trans.__(
          'The extra body has to be a JSON object, such as %1.',
          '{"top_k": 20}'
        )
      );
      return;
    }
    // The second time, the user knows.
    const found = problem ? '' : await doubt();
    if (found) {
      setProblem(found);
      return;
    }
    model.models.saveEndpoint({
      name: name.trim(),
      url: address,
      model: served.trim(),
      api_key: apiKey,
      ...asPreferences(ofAll)
    });
    for (const [single, preferences] of Object.entries(ofOnes)) {
      model.models.setPreferences({
        choice: `endpoint:${name.trim()}`,
        model: single,
        preferences: asPreferences(preferences)
      });
    }
    onDone();
  };

  /** Begin with what is known of a kind of server. */
  const usePreset = (chosen: string) => {
    const preset = PRESETS.find(({ name }) => name === chosen);
    const isOwnName = name && !PRESETS.some(each => each.name === name);
    if (preset) {
      setName(isOwnName ? name : preset.name);
      setUrl(preset.url);
      setListed([]);
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
      onSubmit={event => void save(event)}
      // What was found no longer holds.
      onChange={() => setProblem('')}
      onKeyDown={event => {
        if (event.key === 'Escape') {
          event.stopPropagation();
          onDone();
        }
      }}
    >
      {endpoint === null && (
        <Choice
          label={trans.__('Server')}
          value={PRESETS.find(each => each.url === url)?.name ?? ''}
          onChange={usePreset}
          choices={{
            '': trans.__('Any with OpenAI’s chat protocol'),
            ...Object.fromEntries(PRESETS.map(({ name }) => [name, name]))
          }}
        />
      )}
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
      <Field
        label={trans.__('Model')}
        placeholder={trans.__('The only one it has, if empty')}
        list={listId}
        value={served}
        onChange={setServed}
        onFocus={() => {
          // Its models are offered, if it answers.
          if (listed.length === 0 && /^https?:\/\/./.test(address)) {
            void test().catch(() => undefined);
          }
        }}
      />
      <datalist id={listId}>
        {listed.map(each => (
          <option key={each} value={each} />
        ))}
      </datalist>
      {!served && listed.length > 1 && (
        <ul className="jp-CodeAct-served" aria-label={trans.__('Its models')}>
          {listed.slice(0, MOST_LISTED).map(each => (
            <li key={each}>
              <button
                type="button"
                className="jp-Button jp-mod-minimal"
                onClick={() => {
                  setServed(each);
                  setProblem('');
                }}
              >
                {each}
              </button>
            </li>
          ))}
        </ul>
      )}
      <details>
        <summary>{trans.__('Model settings')}</summary>
        {served.trim() && (
          <Choice
            label={trans.__('These hold for')}
            value={scope}
            onChange={value => setScope(value as typeof scope)}
            choices={{
              all: trans.__('All models of the endpoint'),
              one: trans.__('%1 alone', served.trim())
            }}
          />
        )}
        {isForOne ? (
          <PreferenceFields
            key={served.trim()}
            value={ofOne}
            isPriced
            onChange={value => setOfOne({ ...ofOnes, [served.trim()]: value })}
          />
        ) : (
          <PreferenceFields value={ofAll} isPriced onChange={setOfAll} />
        )}
      </details>
      {problem && (
        <div
          ref={alert}
          className="jp-CodeAct-notice jp-mod-alert"
          role="alert"
        >
          {problem}
        </div>
      )}
      <div className="jp-CodeAct-buttons">
        <button
          type="button"
          className="jp-Button jp-mod-styled jp-mod-reject"
          onClick={onDone}
        >
          {trans.__('Cancel')}
        </button>
        <button
          type="submit"
          className="jp-Button jp-mod-styled jp-mod-accept"
          disabled={isTesting}
        >
          {isTesting
            ? trans.__('Testing…')
            : problem
              ? trans.__('Save Anyway')
              : trans.__('Save')}
        </button>
      </div>
    </form>
  );
}
