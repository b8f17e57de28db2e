import * as React from 'react';

import { Skill } from '../../protocol';
import { usePanel } from './context';
import { Sheet } from './sheet';

/** What the model is told besides the task, in the order in which it counts for more. */
export function InstructionsSheet(): React.JSX.Element {
  const { model, settings, trans } = usePanel();
  const { project } = model.state;
  const { files = [], skills = [], left_out: leftOut = [] } = project ?? {};
  const own = settings?.instructions.trim();
  React.useEffect(() => {
    model.actions?.listInstructions();
  }, [model]);
  return (
    <Sheet title={trans.__('Instructions')}>
      <div className="jp-CodeAct-instructions">
        <p className="jp-CodeAct-hint">
          {trans.__(
            'The model is told what stands here along with each task. A long file is shortened to what the model has room for.'
          )}
        </p>
        {files.map(({ path, text }) => (
          <section key={path}>
            <h3>
              <FileButton path={path} />
            </h3>
            <pre>{text}</pre>
          </section>
        ))}
        {own && (
          <section>
            <h3>{trans.__('Your instructions, from the settings')}</h3>
            <pre>{own}</pre>
          </section>
        )}
        {skills.length > 0 && (
          <section>
            <h3>{trans.__('Skills')}</h3>
            <p className="jp-CodeAct-hint">
              {trans.__(
                'The model is told the name and the description of each, and reads the file when it does such work.'
              )}
            </p>
            <ul>
              {skills.map(skill => (
                <SkillItem key={skill.name} {...skill} />
              ))}
            </ul>
          </section>
        )}
        {leftOut.length > 0 && (
          <section>
            <h3>{trans.__('Left out')}</h3>
            <p className="jp-CodeAct-hint">
              {trans.__(
                'These skills have no description that can be read: their first lines, between two lines of ---, must be YAML with a description.'
              )}
            </p>
            <ul>
              {leftOut.map(path => (
                <li key={path}>
                  <FileButton path={path} />
                </li>
              ))}
            </ul>
          </section>
        )}
        {files.length + skills.length + leftOut.length === 0 && (
          <p className="jp-CodeAct-hint">
            {trans.__(
              'There is no AGENTS.md in this folder or above it, and there are no skills in .agents/skills.'
            )}
          </p>
        )}
      </div>
    </Sheet>
  );
}

function SkillItem({ description, name, path }: Skill): React.JSX.Element {
  return (
    <li>
      <strong>{name}</strong> {description}
      <br />
      <FileButton path={path} />
    </li>
  );
}

/** Opens a file, if JupyterLab can: it opens none outside its folder, and by default no hidden one, as skills are. */
function FileButton({ path }: { path: string }): React.JSX.Element {
  const { model, trans } = usePanel();
  if (/^([/\\]|[A-Za-z]:)|(^|[/\\])\.[^./\\]/.test(path)) {
    return <code>{path}</code>;
  }
  return (
    <button
      type="button"
      className="jp-CodeAct-jump jp-Button jp-mod-minimal"
      title={trans.__('Open the file')}
      onClick={() => model.surroundings.open(path)}
    >
      {path}
    </button>
  );
}
