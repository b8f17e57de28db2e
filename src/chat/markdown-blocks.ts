/** Opens or closes fenced code: indentation, fence, what follows it. */
const FENCE = /^ {0,3}(`{3,}|~{3,})(.*)$/;
/** A line that may continue a list, a quotation or a table above it, or raw HTML. */
const CONTINUES = /^(\s|[-*+>|<]|\d+[.)])/;
/** A link definition, which other parts of the text may refer to. */
const REFERENCE = /^ {0,3}\[[^\]]+\]:/m;

/**
 * Split Markdown into parts that can be drawn independently.
 *
 * When text is added at the end, all parts but the last stay the same.
 */
export function splitMarkdown(source: string): string[] {
  if (REFERENCE.test(source)) {
    return [source];
  }
  const blocks: string[] = [];
  let block: string[] = [];
  let fence = '';
  let isMath = false;
  let isBlank = false;
  for (const line of source.split('\n')) {
    if (isBlank && !fence && !isMath && line.trim() && !CONTINUES.test(line)) {
      blocks.push(block.join('\n'));
      block = [];
    }
    block.push(line);
    const found = FENCE.exec(line);
    if (fence) {
      const [, mark = '', rest = ''] = found ?? [];
      if (mark.startsWith(fence) && !rest.trim()) {
        fence = '';
      }
    } else if (found && !isMath) {
      fence = found[1];
    } else if ((line.match(/\$\$|\\\\\[|\\\\\]/g) ?? []).length % 2) {
      isMath = !isMath;
    }
    isBlank = !line.trim();
  }
  return [...blocks, block.join('\n')];
}
