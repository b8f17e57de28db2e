import {
  CompletionHandler,
  ICompletionContext,
  IInlineCompletionContext,
  IInlineCompletionItem,
  IInlineCompletionList,
  IInlineCompletionProvider,
  InlineCompletionTriggerKind
} from '@jupyterlab/completer';
import { CodeEditor } from '@jupyterlab/codeeditor';
import { Text } from '@jupyterlab/coreutils';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { TranslationBundle } from '@jupyterlab/translation';
import { LabIcon } from '@jupyterlab/ui-components';
import { JSONValue } from '@lumino/coreutils';

import { codeActIcon } from '../icons';

/** What surrounds an editor in its notebook. */
export interface ISurroundings {
  /** The code cells above, in order. */
  readonly cells: readonly string[];
  /** The id of the kernel. */
  readonly kernel: string | null;
  /** Changes with each execution in the kernel. */
  readonly executions: number;
}

/** What the server is asked. */
export interface ICompletionRequest extends ISurroundings {
  readonly before: string;
  readonly after: string;
  /** Whether a model on another machine may be asked. */
  readonly elsewhere: boolean;
}

/** The text to insert, or the reason why there is none. */
export interface ICompletionReply {
  readonly text: string;
  readonly reason: string;
}

/** Sends a request; the signal ends the server's work on it. */
export type Send = (
  request: ICompletionRequest,
  signal: AbortSignal
) => Promise<ICompletionReply>;

const NOTHING: IInlineCompletionList = { items: [] };
/** Python, as editors of notebooks and of files name it. */
const PYTHON = /^text\/x-(i?python)$/;
/** Cells whose text is no code: a task. */
const TASK = /^\s*%%codeact\b|%codeact\b[^\n]*$/;

/**
 * Completes code in JupyterLab's inline completer with the model that is loaded.
 *
 * JupyterLab waits for a pause in the typing before it asks. Nothing is sent before, and what was asked is given up
 * as soon as the text changes or the cursor moves. What becomes of a completion is told to nobody.
 */
export class CodeCompletions implements IInlineCompletionProvider {
  constructor(private _options: CodeCompletions.IOptions) {}

  /** The settings editor shows it among what it finds. */
  readonly identifier = 'CodeAct';

  get name(): string {
    return this._options.trans.__('CodeAct');
  }

  readonly icon: LabIcon.ILabIcon = codeActIcon;

  get schema(): ISettingRegistry.IProperty {
    const { trans } = this._options;
    return {
      default: {
        enabled: false,
        autoFillInMiddle: true,
        debouncerDelay: 250,
        timeout: 10_000,
        elsewhere: false
      },
      properties: {
        elsewhere: {
          title: trans.__('Also with a model on another machine'),
          description: trans.__(
            'Completion uses the model that CodeAct has loaded on this machine, and never starts one. Turn this on to have an endpoint on another machine asked as well: each pause while you type is a request there, with the cells above the cursor, and may cost money.'
          ),
          type: 'boolean'
        }
      }
    };
  }

  configure(settings: { [property: string]: JSONValue } | undefined): void {
    this._elsewhere = settings?.elsewhere === true;
  }

  async fetch(
    { mimeType = '', offset, text }: CompletionHandler.IRequest,
    context: IInlineCompletionContext
  ): Promise<IInlineCompletionList> {
    this._abort?.abort();
    const at = Text.charIndexToJsIndex(offset, text);
    const [before, after] = [text.slice(0, at), text.slice(at)];
    if (!PYTHON.test(mimeType) || !text.trim() || TASK.test(before)) {
      return NOTHING;
    }
    const typed = this._typedInto(before, after);
    if (typed !== null) {
      return { items: [{ insertText: typed }] };
    }
    // JupyterLab passes the editor on, and its interface does not say so.
    const { editor } = context as Partial<ICompletionContext>;
    const abort = (this._abort = new AbortController());
    const release = editor ? watch(editor, at, () => abort.abort()) : null;
    try {
      const reply = await this._options.send(
        {
          ...this._options.surroundings(context.widget, editor ?? null),
          before,
          after,
          elsewhere: this._elsewhere
        },
        abort.signal
      );
      if (abort.signal.aborted) {
        return NOTHING;
      }
      this._last = { before, after, text: reply.text };
      return { items: itemsOf(reply, context.triggerKind) };
    } catch (error) {
      if (!abort.signal.aborted) {
        console.warn('CodeAct could not complete code:', error);
      }
      return NOTHING;
    } finally {
      release?.();
    }
  }

  /** The rest of the last completion, if the user has typed its beginning. */
  private _typedInto(before: string, after: string): string | null {
    const last = this._last;
    if (!last?.text || last.after !== after) {
      return null;
    }
    const whole = last.before + last.text;
    return before.length >= last.before.length &&
      before.length < whole.length &&
      whole.startsWith(before)
      ? whole.slice(before.length)
      : null;
  }

  private _abort: AbortController | null = null;
  private _elsewhere = false;
  private _last: { before: string; after: string; text: string } | null = null;
}

export namespace CodeCompletions {
  export interface IOptions {
    send: Send;
    surroundings: (
      widget: IInlineCompletionContext['widget'],
      editor: CodeEditor.IEditor | null
    ) => ISurroundings;
    trans: TranslationBundle;
  }
}

/** What the inline completer shows: why there is nothing only to those who have asked for it. */
function itemsOf(
  { reason, text }: ICompletionReply,
  trigger: InlineCompletionTriggerKind
): IInlineCompletionItem[] {
  if (text) {
    return [{ insertText: text }];
  }
  return reason && trigger === InlineCompletionTriggerKind.Invoke
    ? [{ insertText: '', error: { message: reason } }]
    : [];
}

/** Call back once the text has changed, or the cursor is elsewhere. Returns what ends the watch. */
function watch(
  editor: CodeEditor.IEditor,
  at: number,
  moved: () => void
): () => void {
  const { selections, sharedModel } = editor.model;
  const onChange = (_: unknown, change: { sourceChange?: unknown }) => {
    if (change.sourceChange) {
      moved();
    }
  };
  const onSelection = () => {
    if (editor.getOffsetAt(editor.getCursorPosition()) !== at) {
      moved();
    }
  };
  sharedModel.changed.connect(onChange);
  selections.changed.connect(onSelection);
  return () => {
    sharedModel.changed.disconnect(onChange);
    selections.changed.disconnect(onSelection);
  };
}
