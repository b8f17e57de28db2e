import * as React from 'react';

import { ModelChoice } from '../../protocol';
import { asPreferences, preferencesAsText } from '../preference-values';
import { usePanel } from './context';
import { PreferenceFields } from './preference-fields';

/** Set how a model of this machine works. */
export function ModelForm(props: {
  choice: ModelChoice;
  onDone: () => void;
}): React.JSX.Element {
  const { choice, onDone } = props;
  const { model, trans } = usePanel();
  const [preferences, setPreferences] = React.useState(() =>
    preferencesAsText(choice)
  );
  const form = React.useRef<HTMLFormElement>(null);

  React.useEffect(() => {
    form.current!.querySelector('select')!.focus();
  }, []);

  return (
    <form
      ref={form}
      className="jp-CodeAct-endpoint"
      aria-label={trans.__('Settings of %1', choice.name)}
      autoComplete="off"
      onSubmit={event => {
        event.preventDefault();
        model.models.setPreferences({
          choice: choice.id,
          model: '',
          preferences: asPreferences(preferences)
        });
        onDone();
      }}
      onKeyDown={event => {
        if (event.key === 'Escape') {
          event.stopPropagation();
          onDone();
        }
      }}
    >
      <PreferenceFields
        value={preferences}
        isPriced={false}
        onChange={setPreferences}
      />
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
