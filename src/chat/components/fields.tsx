import { HTMLSelect } from '@jupyterlab/ui-components';
import * as React from 'react';

/** A field of a form, with its label. */
export const Field = React.forwardRef<
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

/** A choice in a form, with its label. */
export function Choice(props: {
  label: string;
  value: string;
  choices: { [value: string]: string };
  onChange: (value: string) => void;
}): React.JSX.Element {
  const { label, value, choices, onChange } = props;
  return (
    <label className="jp-CodeAct-field">
      <span>{label}</span>
      <HTMLSelect
        className="jp-CodeAct-choice"
        value={value}
        onChange={({ target }) => onChange(target.value)}
      >
        {Object.entries(choices).map(([choice, text]) => (
          <option key={choice} value={choice}>
            {text}
          </option>
        ))}
      </HTMLSelect>
    </label>
  );
}
