import { closeIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import { attachIcon } from '../../icons';
import { ISuggestion } from '../suggestions';
import { ApprovalSelect } from './approval-select';
import { Chips } from './chips';
import { ContextMeter } from './context-meter';
import { usePanel } from './context';
import { IconButton } from './icon-button';
import { InForce } from './in-force';
import { ModelButton } from './model-button';
import { PlaceSelect } from './place-select';
import { Queue } from './queue';
import { suggestionId, Suggestions, SUGGESTIONS_ID } from './suggestions';

/** Where the user types, sends and stops. */
export function Composer(): React.JSX.Element {
  const { focusComposer, model, settings, trans } = usePanel();
  const { composer, hint, path } = model;
  const { draft, selected, suggestions } = composer;
  const { attachments, text } = draft;
  const textarea = React.useRef<HTMLTextAreaElement>(null);
  /** Where the cursor belongs after a suggestion was inserted. */
  const cursor = React.useRef<number | null>(null);
  const chooser = React.useRef<HTMLInputElement>(null);
  const sendWithEnter = settings?.sendWithEnter ?? true;

  React.useLayoutEffect(() => {
    if (cursor.current !== null) {
      textarea.current!.setSelectionRange(cursor.current, cursor.current);
      cursor.current = null;
    }
  });

  const send = () => composer.send(focusComposer);

  const accept = (suggestion: ISuggestion) => {
    textarea.current!.focus();
    cursor.current = composer.accept(suggestion);
  };

  const onSuggestionKey = (event: React.KeyboardEvent): boolean => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const isTaken =
      event.key === 'Tab' || (event.key === 'Enter' && !event.shiftKey);
    if (step) {
      composer.select(selected + step);
    } else if (isTaken) {
      accept(suggestions[selected]);
    } else if (event.key === 'Escape') {
      composer.dismiss();
    } else {
      return false;
    }
    return true;
  };

  const onKeyDown = (event: React.KeyboardEvent) => {
    if (event.nativeEvent.isComposing) {
      return;
    }
    if (suggestions.length > 0) {
      if (onSuggestionKey(event)) {
        event.preventDefault();
      }
    } else if (event.key === 'Enter' && event.shiftKey !== sendWithEnter) {
      event.preventDefault();
      send();
    } else if (event.key === 'Escape' && composer.isEditing) {
      event.preventDefault();
      composer.cancelEdit();
    } else if (event.key === 'ArrowUp' || event.key === 'ArrowDown') {
      const isPlain = !event.shiftKey && !event.altKey && !event.metaKey;
      if (isPlain && composer.recall(event.key === 'ArrowUp' ? -1 : 1)) {
        event.preventDefault();
      }
    }
  };

  const onPaste = (event: React.ClipboardEvent) => {
    const files = [...event.clipboardData.files];
    if (files.length > 0) {
      event.preventDefault();
      void composer.attachFiles(files, true);
    }
  };

  /** Begin a word with suggestions of what to attach. */
  const beginMention = () => {
    const { selectionStart } = textarea.current!;
    const head = text.slice(0, selectionStart);
    const mention = head && !/\s$/.test(head) ? ' @' : '@';
    cursor.current = selectionStart + mention.length;
    textarea.current!.focus();
    composer.setText(
      head + mention + text.slice(selectionStart),
      cursor.current
    );
  };

  /** Show the cell that waits for approval. */
  const showWaitingCell = () => {
    const panel = textarea.current!.closest('.jp-CodeAct-panel');
    const approval = panel?.querySelector('.jp-CodeAct-approval');
    approval?.scrollIntoView({ block: 'nearest' });
    approval?.querySelector('button')?.focus();
  };

  return (
    <form
      className="jp-CodeAct-composer"
      onSubmit={event => {
        event.preventDefault();
        send();
      }}
    >
      <Suggestions onAccept={accept} />
      <Queue onTakeBack={() => textarea.current!.focus()} />
      {composer.isEditing && <Editing />}
      <div className="jp-CodeAct-box">
        <Chips
          attachments={attachments}
          uploads={composer.uploads}
          onRemove={attachment => {
            composer.detach(attachment);
            textarea.current!.focus();
          }}
        />
        <textarea
          ref={textarea}
          aria-label={trans.__('Ask CodeAct')}
          aria-describedby="jp-CodeAct-blocked"
          aria-autocomplete="list"
          aria-haspopup="listbox"
          aria-controls={suggestions.length > 0 ? SUGGESTIONS_ID : undefined}
          aria-activedescendant={
            suggestions.length > 0 ? suggestionId(selected) : undefined
          }
          placeholder={
            path === null
              ? trans.__('Ask CodeAct to begin a notebook')
              : trans.__('Ask CodeAct about this notebook')
          }
          rows={2}
          value={text}
          onBlur={() => composer.dismiss()}
          onFocus={() => {
            if (settings?.loadModel ?? true) {
              model.models.warm();
            }
          }}
          onChange={({ target }) =>
            composer.setText(target.value, target.selectionStart)
          }
          onKeyDown={onKeyDown}
          onPaste={onPaste}
        />
        <div className="jp-CodeAct-composerFooter">
          <span className="jp-CodeAct-tools">
            <input
              ref={chooser}
              type="file"
              multiple
              hidden
              aria-hidden
              tabIndex={-1}
              onChange={({ target }) => {
                void composer.attachFiles([...(target.files ?? [])]);
                target.value = ''; // or the same file could not be chosen again
                textarea.current!.focus();
              }}
            />
            <IconButton
              icon={attachIcon}
              label={trans.__('Attach files from your computer')}
              onClick={() => chooser.current!.click()}
            />
            <button
              type="button"
              className="jp-CodeAct-iconButton jp-Button jp-mod-minimal"
              title={trans.__('Attach cells or files')}
              aria-label={trans.__('Attach cells or files')}
              disabled={path === null}
              onClick={beginMention}
            >
              @
            </button>
            {path !== null && (
              <span className="jp-CodeAct-choices">
                <PlaceSelect />
                <ApprovalSelect />
              </span>
            )}
            <ModelButton />
          </span>
          <SendOrStop onStop={() => textarea.current!.focus()} />
        </div>
      </div>
      <div className="jp-CodeAct-below">
        <div
          id="jp-CodeAct-blocked"
          className="jp-CodeAct-blocked"
          role="status"
        >
          {hint}
          {model.isAsking && model.blocked === null && (
            <button
              type="button"
              className="jp-CodeAct-show jp-Button jp-mod-minimal"
              onClick={showWaitingCell}
            >
              {trans.__('Show')}
            </button>
          )}
        </div>
        <InForce />
        <ContextMeter />
      </div>
    </form>
  );
}

/** Send, or while a run is under way Stop and, once something is typed, Queue. */
function SendOrStop({ onStop }: { onStop: () => void }): React.JSX.Element {
  const { model, trans } = usePanel();
  const { stopping } = model.state;
  const { isRunning } = model;
  return (
    <span className="jp-CodeAct-send">
      {isRunning && (
        <button
          key="stop"
          type="button"
          className="jp-Button jp-mod-styled jp-mod-warn"
          disabled={stopping}
          onClick={() => {
            // The button goes away; the focus should not.
            onStop();
            model.stop();
          }}
        >
          {trans.__('Stop')}
        </button>
      )}
      <button
        key="send"
        type="submit"
        className={`jp-Button jp-mod-styled ${isRunning ? 'jp-mod-reject' : 'jp-mod-accept'}`}
        title={
          isRunning
            ? trans.__('Do this after the run under way')
            : trans.__('Send this to CodeAct')
        }
        disabled={model.blocked !== null || !model.composer.draft.text.trim()}
      >
        {isRunning ? trans.__('Queue') : trans.__('Send')}
      </button>
    </span>
  );
}

/** Says that the draft will take the place of an earlier task. */
function Editing(): React.JSX.Element {
  const { model, trans } = usePanel();
  return (
    <div className="jp-CodeAct-editing" role="status">
      <span>{trans.__('Asking again: what came after will be left out.')}</span>
      <IconButton
        icon={closeIcon}
        label={trans.__('Cancel')}
        onClick={() => model.composer.cancelEdit()}
      />
    </div>
  );
}
