import { ISettings } from '../tokens';

/** How the kernel's widget marks itself, its task and the button that sends it. */
const WIDGET = '.jp-CodeAct-widget';
const TASK = '.jp-CodeAct-widgetTask textarea';
const ASK = '.jp-CodeAct-widgetAsk';

/**
 * Let Enter send the task in `CodeAct()`, and Shift+Enter begin a new line, as the settings say.
 *
 * The widget is one of ipywidgets', which know no such key. Returns what ends it.
 */
export function sendWithEnter(settings: ISettings | null): () => void {
  const onKey = (event: KeyboardEvent) => {
    const { target } = event;
    const isPlain = !event.ctrlKey && !event.metaKey && !event.altKey;
    if (
      event.key !== 'Enter' ||
      event.isComposing ||
      !isPlain ||
      event.shiftKey === (settings?.sendWithEnter ?? true) ||
      !(target instanceof HTMLTextAreaElement && target.matches(TASK))
    ) {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
    // The text goes to the kernel first.
    target.dispatchEvent(new Event('change', { bubbles: true }));
    target.closest(WIDGET)?.querySelector<HTMLElement>(ASK)?.click();
  };
  document.addEventListener('keydown', onKey, true);
  return () => document.removeEventListener('keydown', onKey, true);
}
