import { PageConfig, PathExt, URLExt } from '@jupyterlab/coreutils';
import { IRenderMime, IRenderMimeRegistry } from '@jupyterlab/rendermime';
import { TranslationBundle } from '@jupyterlab/translation';

/** Addresses that come with the text itself, so that drawing them fetches nothing. */
const LOCAL = /^\s*(data:(image|audio|video)\/|blob:|attachment:|#)/i;

/** Attributes whose address a browser fetches without being asked; those of links are followed by a click only. */
const FETCHED = [
  'src',
  'srcset',
  'imagesrcset',
  'poster',
  'background',
  'data',
  'href',
  'xlink:href',
  'ping'
];
const LINKS = 'a, area';
/** Elements that fetch, and are of no use in a text. */
const USELESS =
  'base, embed, frame, iframe, link, meta, object, script, style, track';
/** CSS that may fetch; a backslash can hide it. */
const FETCHING_STYLE = /url\s*\(|image\s*\(|image-set|src\s*\(|@import|\\/i;
const STYLE_ADDRESS = /url\s*\(\s*["']?([^"')]*)/i;
/** What a text has to contain if it fetches anything. */
const MAY_FETCH =
  /\b(src|srcset|imagesrcset|poster|background|data|href|ping|style|data-commandlinker-command)\s*=|<\s*(base|embed|frame|iframe|link|meta|object|script|style|track)\b/i;
/** Commands of TeX that put CSS, links or code into the page, or make a name for one. */
const TEX = /\\(style|mmlToken|require|csname|cssId|href|class|data)\b/g;
/** Fenced code from which JupyterLab makes a diagram, whose pictures it fetches. */
const DIAGRAM = /(`{3,}|~{3,})([ \t]*)mermaid\b/gi;

/** The most characters of an address that are shown. */
const LONGEST = 200;

/**
 * Returns a copy of the registry that fetches nothing.
 *
 * What a model wrote or a cell showed may name pictures, films and sounds on other servers; fetching them would tell
 * those servers something. In their place stand their addresses, each with a button that `loadOnClick` obeys.
 */
export function withoutRemote(
  rendermime: IRenderMimeRegistry,
  trans: TranslationBundle
): IRenderMimeRegistry {
  const { latexTypesetter, markdownParser, sanitizer } = rendermime;
  return rendermime.clone({
    latexTypesetter: latexTypesetter
      ? {
          typeset: element => {
            holdTeX(element);
            return latexTypesetter.typeset(element);
          }
        }
      : undefined,
    sanitizer: new LocalSanitizer(sanitizer, trans),
    markdownParser: markdownParser
      ? {
          render: source =>
            markdownParser.render(source.replace(DIAGRAM, '$1$2text'))
        }
      : undefined
  });
}

/** Whether Markdown may name something that would be fetched when it is drawn. */
export function mayFetch(markdown: string): boolean {
  return (
    /!\[/.test(markdown) || MAY_FETCH.test(markdown) || DIAGRAM.test(markdown)
  );
}

/**
 * Load what the user wants to see: obeys the buttons that `withoutRemote` has put into an element.
 *
 * A file's address is relative to `folder`, in Jupyter's contents.
 */
export function loadOnClick(node: HTMLElement, folder: () => string): void {
  node.addEventListener('click', ({ target }) => {
    const button = (target as Element).closest<HTMLElement>(
      'button.jp-CodeAct-load'
    );
    const address = button?.dataset.address;
    if (button && address && /^(https?:)?\/\/|^[^:]*$/i.test(address)) {
      const isElsewhere = /^(https?:)?\/\//i.test(address);
      const url = isElsewhere ? address : fileUrl(folder(), address);
      button.closest('.jp-CodeAct-held')!.replaceWith(elementFor(button, url));
    }
  });
}

/** Where a file is served; nothing else of the server's can be named. */
function fileUrl(folder: string, address: string): string {
  const path = PathExt.join('/', folder, address);
  return URLExt.join(PageConfig.getBaseUrl(), 'files', path);
}

function elementFor({ dataset }: HTMLElement, url: string): HTMLElement {
  const { kind, words } = dataset;
  if (kind === 'audio' || kind === 'video') {
    const media = document.createElement(kind);
    media.controls = true;
    media.src = url;
    return media;
  }
  const image = document.createElement('img');
  image.alt = words ?? '';
  image.src = url;
  return image;
}

/** JupyterLab's sanitizer, and then nothing that is fetched. */
class LocalSanitizer implements IRenderMime.ISanitizer {
  constructor(
    private _sanitizer: IRenderMime.ISanitizer,
    private _trans: TranslationBundle
  ) {}

  get allowNamedProperties(): boolean {
    return this._sanitizer.allowNamedProperties ?? false;
  }

  get allowCommandLinker(): boolean {
    return false;
  }

  getAutolink(): boolean {
    return this._sanitizer.getAutolink?.() ?? true;
  }

  sanitize(dirty: string, options?: IRenderMime.ISanitizerOptions): string {
    const html = this._sanitizer.sanitize(dirty, options);
    return MAY_FETCH.test(html) ? hold(html, this._trans) : html;
  }
}

/** Replace what would be fetched by its address. */
function hold(html: string, trans: TranslationBundle): string {
  // A document of its own, which fetches nothing.
  const { body } = new DOMParser().parseFromString(html, 'text/html');
  body.querySelectorAll(USELESS).forEach(element => element.remove());
  // A film with all that is in it, before its parts.
  for (const media of body.querySelectorAll('audio, video')) {
    const named = [media, ...media.querySelectorAll('source')]
      .map(element => element.getAttribute('src'))
      .find(Boolean);
    const isLocal = [media, ...media.querySelectorAll('*')].every(holdsNothing);
    if (!isLocal) {
      const address = named ?? media.getAttribute('poster') ?? '';
      media.replaceWith(heldElement(media, address, trans));
    }
  }
  for (const element of body.querySelectorAll('*')) {
    if (!holdsNothing(element)) {
      holdElement(element, trans);
    }
    holdStyle(element, trans);
    // A command is the user's to give.
    element.removeAttribute('data-commandlinker-command');
  }
  return body.innerHTML;
}

/** Whether an element names nothing that would be fetched. */
function holdsNothing(element: Element): boolean {
  return FETCHED.every(name => !fetches(element, name));
}

/** Whether a browser would fetch what an element's attribute names. */
function fetches(element: Element, name: string): boolean {
  const value = element.getAttribute(name);
  const isFollowed = element.matches(LINKS) && name.endsWith('href');
  // What is chosen from a list is not worth a closer look.
  const isLocal = LOCAL.test(value ?? '') && !name.endsWith('srcset');
  return value !== null && !isFollowed && !isLocal;
}

function holdElement(element: Element, trans: TranslationBundle): void {
  if (element.localName === 'img' && fetches(element, 'src')) {
    const address = element.getAttribute('src')!;
    element.replaceWith(heldElement(element, address, trans));
    return;
  }
  FETCHED.filter(name => fetches(element, name)).forEach(name =>
    element.removeAttribute(name)
  );
}

function holdStyle(element: Element, trans: TranslationBundle): void {
  const style = element.getAttribute('style');
  if (style !== null && FETCHING_STYLE.test(style)) {
    element.removeAttribute('style');
    const [, address = ''] = STYLE_ADDRESS.exec(style) ?? [];
    if (address && !LOCAL.test(address)) {
      element.before(heldElement(element, address, trans));
    }
  }
}

/** Make TeX that would style the page plain. */
function holdTeX(element: HTMLElement): void {
  const { ownerDocument: document } = element;
  const texts = document.createNodeIterator(element, NodeFilter.SHOW_TEXT);
  for (let node = texts.nextNode(); node; node = texts.nextNode()) {
    const text = node.textContent!;
    if (text.search(TEX) >= 0 && !node.parentElement?.closest('code, pre')) {
      node.textContent = text.replace(TEX, '\\text');
    }
  }
}

/** The line that stands in an element's place: what it is, its address, and a button to load it. */
function heldElement(
  element: Element,
  address: string,
  trans: TranslationBundle
): HTMLElement {
  const { localName, ownerDocument: document } = element;
  const held = document.createElement('span');
  held.className = 'jp-CodeAct-held';
  const text = document.createElement('span');
  text.className = 'jp-CodeAct-heldText';
  const shown =
    address.length > LONGEST ? `${address.slice(0, LONGEST)}…` : address;
  text.textContent =
    localName === 'video'
      ? trans.__('Video not loaded: %1', shown)
      : localName === 'audio'
        ? trans.__('Sound not loaded: %1', shown)
        : trans.__('Picture not loaded: %1', shown);
  const button = document.createElement('button');
  button.type = 'button';
  button.className =
    'jp-CodeAct-load jp-Button jp-mod-styled jp-mod-reject jp-mod-small';
  button.textContent = trans.__('Load');
  button.title = address;
  button.dataset.kind = localName;
  button.dataset.address = address;
  button.dataset.words = element.getAttribute('alt') ?? '';
  held.append(text, button);
  return held;
}
