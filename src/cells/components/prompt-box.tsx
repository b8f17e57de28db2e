import { TranslationBundle } from '@jupyterlab/translation';
import { HTMLSelect } from '@jupyterlab/ui-components';
import * as React from 'react';

/** What is to come of it: this empty cell written, this one or its selection changed, or another one below. */
export type PromptKind = 'write' | 'change' | 'selection' | 'below';

/** The user writes, the agent works, or there is only an answer. */
export type PromptPhase = 'writing' | 'working' | 'done';

/** The box at a cell. */
export function PromptBox(props: {
  kind: PromptKind;
  kinds: readonly PromptKind[];
  phase: PromptPhase;
  /** The answer, or why there is none. */
  result: string;
  /** Whether the agent waits for an answer of the user's. */
  isAsking: boolean;
  /** Whether Enter sends, and Shift+Enter begins a line, or the other way round. */
  sendWithEnter: boolean;
  trans: TranslationBundle;
  onKind: (kind: PromptKind) => void;
  onSend: (text: string) => void;
  onStop: () => void;
  onShow: () => void;
  onClose: () => void;
}): React.JSX.Element {
  const {
    isAsking,
    kind,
    kinds,
    onClose,
    phase,
    result,
    sendWithEnter,
    trans
  } = props;
  const [text, setText] = React.useState('');
  const isWriting = phase === 'writing';
  const send = () => {
    if (text.trim()) {
      props.onSend(text.trim());
    }
  };
  const onKeyDown = (event: React.KeyboardEvent) => {
    if (event.nativeEvent.isComposing) {
      return;
    }
    if (event.key === 'Escape') {
      event.preventDefault();
      onClose();
    }
  };
  const onTextKey = (event: React.KeyboardEvent) => {
    if (
      event.key === 'Enter' &&
      event.shiftKey !== sendWithEnter &&
      !event.nativeEvent.isComposing
    ) {
      event.preventDefault();
      send();
    }
  };
  return (
    <div
      role="group"
      aria-label={trans.__('Ask CodeAct at this cell')}
      // The notebook's keys are not meant here.
      data-lm-suppress-shortcuts="true"
      onKeyDown={onKeyDown}
    >
      <textarea
        aria-label={trans.__('What CodeAct is to do here')}
        placeholder={placeholderOf(kind, trans)}
        rows={Math.min(6, Math.max(1, text.split('\n').length))}
        value={text}
        readOnly={!isWriting}
        onChange={({ target }) => setText(target.value)}
        onKeyDown={onTextKey}
      />
      {phase === 'done' && (
        <p className="jp-CodeAct-promptResult" role="status">
          {result}
        </p>
      )}
      <div className="jp-CodeAct-promptButtons">
        {isWriting && kinds.length > 1 && (
          <HTMLSelect
            aria-label={trans.__('What is to come of it')}
            value={kind}
            onChange={({ target }) => props.onKind(target.value as PromptKind)}
          >
            {kinds.map(each => (
              <option key={each} value={each}>
                {labelOf(each, trans)}
              </option>
            ))}
          </HTMLSelect>
        )}
        {isWriting && (
          <button
            className="jp-Button jp-mod-styled jp-mod-accept"
            title={
              sendWithEnter
                ? trans.__('Send (Enter)')
                : trans.__('Send (Shift+Enter)')
            }
            disabled={!text.trim()}
            onClick={send}
          >
            {trans.__('Send')}
          </button>
        )}
        {phase === 'working' && (
          <>
            <span className="jp-CodeAct-spinner" />
            <span role="status">
              {isAsking
                ? trans.__('CodeAct asks you something')
                : trans.__('CodeAct is at work…')}
            </span>
            <button className="jp-Button jp-mod-styled" onClick={props.onShow}>
              {trans.__('Show')}
            </button>
            <button
              className="jp-Button jp-mod-styled jp-mod-warn"
              onClick={props.onStop}
            >
              {trans.__('Stop')}
            </button>
          </>
        )}
        <button
          className="jp-Button jp-mod-styled"
          title={trans.__('Close (Esc)')}
          onClick={onClose}
        >
          {isWriting ? trans.__('Cancel') : trans.__('Close')}
        </button>
      </div>
    </div>
  );
}

function labelOf(kind: PromptKind, trans: TranslationBundle): string {
  switch (kind) {
    case 'write':
      return trans.__('Write this cell');
    case 'change':
      return trans.__('Change this cell');
    case 'selection':
      return trans.__('Change the selection');
    case 'below':
      return trans.__('New cell below');
  }
}

function placeholderOf(kind: PromptKind, trans: TranslationBundle): string {
  switch (kind) {
    case 'write':
    case 'below':
      return trans.__('What should this cell do?');
    case 'change':
      return trans.__('What should be different in this cell?');
    case 'selection':
      return trans.__('What should be different in the selection?');
  }
}
