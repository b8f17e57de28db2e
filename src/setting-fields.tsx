import { IFormRenderer } from '@jupyterlab/ui-components';
import { CommandRegistry } from '@lumino/commands';
import * as React from 'react';

type FieldProps = React.ComponentProps<
  NonNullable<IFormRenderer['fieldRenderer']>
>;

/** A setting that may have several lines. */
export function LongText(props: FieldProps): React.JSX.Element {
  const { formData, idSchema, onChange, schema } = props;
  return (
    <>
      <label
        className="jp-FormGroup-fieldLabel jp-CodeAct-longTextLabel"
        htmlFor={idSchema.$id}
      >
        {schema.title}
      </label>
      <textarea
        id={idSchema.$id}
        className="form-control jp-CodeAct-longText"
        maxLength={schema.maxLength}
        rows={4}
        value={(formData as string | undefined) ?? ''}
        onChange={({ target }) => onChange(target.value)}
      />
    </>
  );
}

/** Among our settings the switch of one that is kept elsewhere: it does what a command does. */
export function CommandSwitch(
  props: FieldProps & { commands: CommandRegistry; id: string }
): React.JSX.Element {
  const { commands, id, schema } = props;
  const [, draw] = React.useReducer((count: number) => count + 1, 0);
  React.useEffect(() => {
    const onChanged = () => draw();
    commands.commandChanged.connect(onChanged);
    return () => void commands.commandChanged.disconnect(onChanged);
  }, [commands]);
  const isThere = commands.hasCommand(id);
  return (
    // As JupyterLab draws its own.
    <div className="checkbox">
      <label>
        <input
          type="checkbox"
          checked={isThere && commands.isToggled(id)}
          disabled={!isThere || !commands.isEnabled(id)}
          onChange={() => void commands.execute(id)}
        />
        <span>{schema.title}</span>
      </label>
    </div>
  );
}
