import * as React from 'react';

import { usePanel } from './context';

/** Says what the model is told besides the task: the project's instructions, the user's own, and skills. */
export function InForce(): React.JSX.Element | null {
  const { model, settings, trans } = usePanel();
  const { project } = model.state;
  const { files = [], skills = [], left_out: leftOut = [] } = project ?? {};
  const parts: string[] = [];
  if (files.length > 0) {
    parts.push(
      files.length === 1
        ? 'AGENTS.md'
        : trans.__('%1 × AGENTS.md', files.length)
    );
  }
  if (settings?.instructions.trim()) {
    parts.push(trans.__('your instructions'));
  }
  if (skills.length > 0) {
    parts.push(trans._n('%1 skill', '%1 skills', skills.length));
  }
  if (leftOut.length > 0) {
    parts.push(
      trans._n('%1 skill left out', '%1 skills left out', leftOut.length)
    );
  }
  if (parts.length === 0) {
    return null;
  }
  return (
    <button
      type="button"
      className="jp-CodeAct-inForce jp-Button jp-mod-minimal"
      title={trans.__('Show the instructions that the model is told')}
      onClick={() => model.open('instructions')}
    >
      {parts.join(' · ')}
    </button>
  );
}
