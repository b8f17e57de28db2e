import { TranslationBundle } from '@jupyterlab/translation';

import { Claim } from '../protocol';

/** Where values are no findings, or would be taken apart: code, links, maths, addresses. */
const NOT_IN = 'a, button, pre, mjx-container, .MathJax, .jp-CodeAct-held';
const MATHS = /\$|\\[([]/;

/** Link the values of an answer to the cells that show them, and mark those that no output shows. */
export function linkClaims(
  node: HTMLElement,
  claims: readonly Claim[],
  options: { go: (cellId: string) => void; trans: TranslationBundle }
): void {
  // The longest first: "4,201.75" is one value, and not "201".
  const sorted = [...claims].sort((a, b) => b.text.length - a.text.length);
  const { ownerDocument: document } = node;
  const walker = document.createTreeWalker(node, NodeFilter.SHOW_TEXT);
  const texts: Text[] = [];
  while (walker.nextNode()) {
    texts.push(walker.currentNode as Text);
  }
  for (const text of texts) {
    const isFree =
      !text.parentElement!.closest(NOT_IN) && !MATHS.test(text.data);
    if (isFree && sorted.length > 0) {
      linkText(text, sorted, options);
    }
  }
}

function linkText(
  text: Text,
  claims: readonly Claim[],
  options: Parameters<typeof linkClaims>[2]
): void {
  const found = firstOf(text.data, claims);
  if (found) {
    const value = text.splitText(found.index);
    let rest = value.splitText(found.claim.text.length);
    // A button is a box: a line could break between it and the full stop.
    const unbroken = document.createElement('span');
    unbroken.className = 'jp-CodeAct-unbroken';
    value.replaceWith(unbroken);
    unbroken.append(linkTo(found.claim, options));
    const [signs] = /^[^\s\p{L}\p{N}]*/u.exec(rest.data)!;
    if (signs) {
      const point = rest;
      rest = rest.splitText(signs.length);
      unbroken.append(point);
    }
    linkText(rest, claims, options);
  }
}

/** The first value in a text that stands there by itself. */
function firstOf(
  text: string,
  claims: readonly Claim[]
): { index: number; claim: Claim } | null {
  let first: { index: number; claim: Claim } | null = null;
  for (const claim of claims) {
    const escaped = claim.text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
    const alone = new RegExp(
      `(?<![\\p{L}\\p{N}_.,])${escaped}(?![\\p{L}\\p{N}_])`,
      'u'
    );
    const index = text.search(alone);
    if (index >= 0 && (!first || index < first.index)) {
      first = { index, claim };
    }
  }
  return first;
}

function linkTo(
  { cell_id: cellId, text }: Claim,
  { go, trans }: Parameters<typeof linkClaims>[2]
): HTMLElement {
  if (cellId === null) {
    const mark = document.createElement('span');
    mark.className = 'jp-CodeAct-unshown';
    mark.title = trans.__('No output shows this.');
    mark.textContent = text;
    return mark;
  }
  const link = document.createElement('button');
  link.type = 'button';
  link.className = 'jp-CodeAct-claim';
  link.title = trans.__('Show the cell with this output');
  link.dataset.cellId = cellId;
  link.textContent = text;
  link.addEventListener('click', () => go(cellId));
  return link;
}
