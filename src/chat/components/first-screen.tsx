import { PathExt } from '@jupyterlab/coreutils';
import {
  addIcon,
  folderIcon,
  notebookIcon,
  UseSignal
} from '@jupyterlab/ui-components';
import * as React from 'react';

import { codeActIcon } from '../../icons';
import { dataFiles, sight, starters } from '../starters';
import { usePanel } from './context';

/** How many notebooks of the folder are offered. */
const MOST_NOTEBOOKS = 4;

/** What is shown before anything was asked, drawn again when something else is found: the log itself is not. */
export function FirstScreen(): React.JSX.Element {
  const { model } = usePanel();
  return <UseSignal signal={model.changed}>{() => <Offers />}</UseSignal>;
}

/** What there is to work with, and what could be asked. */
function Offers(): React.JSX.Element {
  const { focusComposer, model, trans } = usePanel();
  const { path, state, surroundings } = model;
  const variables = state.variables ?? [];
  const files = dataFiles(surroundings.files);
  const seen = sight(variables, files, trans);
  const tasks = starters(variables, files, model.hasCells, trans);
  return (
    <div className="jp-CodeAct-first">
      <codeActIcon.react tag="div" height="32px" width="32px" />
      <p>
        {path === null
          ? trans.__(
              'CodeAct works in a notebook: it writes cells and runs them there. Ask, and it makes a new one.'
            )
          : trans.__(
              'Say what you want to know or have done. CodeAct writes the cells and runs them here, in your notebook.'
            )}
      </p>
      {path === null && <Notebooks />}
      {seen && (
        <p className="jp-CodeAct-seen">
          {seen
            .split('`')
            .map((part, index) =>
              index % 2 ? <code key={index}>{part}</code> : part
            )}
        </p>
      )}
      <ul className="jp-CodeAct-starters" aria-label={trans.__('Suggestions')}>
        {tasks.map(({ path, task }) => (
          <li key={task}>
            <button
              type="button"
              className="jp-CodeAct-starter jp-Button jp-mod-minimal"
              title={trans.__('Put this into the box below')}
              onClick={() => {
                void model.composer
                  .draftTask(task, path === undefined ? [] : [path])
                  .then(focusComposer);
              }}
            >
              {task.replace(/`/g, '')}
            </button>
          </li>
        ))}
      </ul>
      <p className="jp-CodeAct-keys">
        {trans.__('@ attaches cells and files, / shows commands.')}
      </p>
    </div>
  );
}

/** Buttons to make or open a notebook. */
function Notebooks(): React.JSX.Element {
  const { model, trans } = usePanel();
  const notebooks = model.surroundings.files.filter(
    ({ isFolder, name }) => !isFolder && PathExt.extname(name) === '.ipynb'
  );
  return (
    <div className="jp-CodeAct-notebooks">
      <button
        type="button"
        className="jp-Button jp-mod-styled jp-mod-accept"
        disabled={model.composer.isMaking}
        onClick={() => void model.composer.beginNotebook()}
      >
        <addIcon.react tag="span" />
        {trans.__('New Notebook')}
      </button>
      {notebooks.slice(0, MOST_NOTEBOOKS).map(({ name, path }) => (
        <button
          key={path}
          type="button"
          className="jp-Button jp-mod-styled jp-mod-reject"
          title={trans.__('Open %1', name)}
          onClick={() => model.openNotebook(path)}
        >
          <notebookIcon.react tag="span" />
          <span>{name}</span>
        </button>
      ))}
      <button
        type="button"
        className="jp-Button jp-mod-styled jp-mod-reject"
        onClick={() => model.openNotebook(null)}
      >
        <folderIcon.react tag="span" />
        {trans.__('Open…')}
      </button>
    </div>
  );
}
