import { PathExt } from '@jupyterlab/coreutils';
import {
  addIcon,
  historyIcon,
  settingsIcon,
  UseSignal
} from '@jupyterlab/ui-components';
import * as React from 'react';

import { activityOf } from '../../session/selectors';
import { announcement } from '../announcement';
import { CheckCard } from './check-card';
import { Composer } from './composer';
import { usePanel } from './context';
import { ConversationsSheet } from './conversations-sheet';
import { IconButton } from './icon-button';
import { InstructionsSheet } from './instructions-sheet';
import { Log } from './log';
import { ModelLine } from './model-line';
import { ModelsSheet } from './models-sheet';
import { Plan } from './plan';
import { Servers } from './servers';

/** The whole panel, drawn again whenever its model changes. */
export function Chat(): React.JSX.Element {
  const { model, trans } = usePanel();
  return (
    <UseSignal signal={model.changed}>
      {() => {
        const { path, sheet, state } = model;
        return (
          <>
            <Header />
            {/* Kept under a sheet, so that the user comes back to where they were. */}
            <div className="jp-CodeAct-chat" hidden={sheet !== null}>
              <Log
                key={`${path} ${state.conversation.id}`}
                state={state}
                editing={model.composer.draft.editing}
                isBusy={model.blocked !== null}
              />
              <Plan />
              <CheckCard />
              <Servers />
              <ModelLine />
              <Composer />
            </div>
            {sheet === 'conversations' && <ConversationsSheet />}
            {sheet === 'instructions' && <InstructionsSheet />}
            {(sheet === 'models' || sheet === 'endpoint') && (
              <ModelsSheet key={sheet} />
            )}
            <div
              // Another notebook's state is not news.
              key={path}
              className="jp-CodeAct-sender"
              role="status"
              aria-live="polite"
              aria-label={trans.__('What CodeAct does')}
            >
              {announcement(state, trans)}
            </div>
          </>
        );
      }}
    </UseSignal>
  );
}

function Header(): React.JSX.Element {
  const { hasSettings, model, showSettings, trans } = usePanel();
  const { isRunning, path, sheet, state } = model;
  const activity = activityOf(state);
  return (
    <div className="jp-CodeAct-header">
      {activity && (
        // What it says is said below, and at the notebook's tab.
        <span
          className="jp-CodeAct-stateDot"
          data-activity={activity}
          title={
            activity === 'waiting'
              ? trans.__('CodeAct waits for you')
              : trans.__('CodeAct is at work')
          }
        />
      )}
      <span className="jp-CodeAct-notebook" title={path ?? undefined}>
        {path === null ? trans.__('CodeAct') : PathExt.basename(path)}
      </span>
      <IconButton
        icon={historyIcon}
        label={trans.__('Conversations')}
        onClick={() =>
          model.open(sheet === 'conversations' ? null : 'conversations')
        }
      />
      <IconButton
        icon={addIcon}
        label={trans.__('New conversation')}
        disabled={path === null || isRunning}
        onClick={() => {
          model.open(null);
          model.newConversation();
        }}
      />
      {hasSettings() && (
        <IconButton
          icon={settingsIcon}
          label={trans.__('Settings of CodeAct')}
          onClick={showSettings}
        />
      )}
    </div>
  );
}
