/** How the executable part of a reply may begin, as a regular expression. */
const OPENER = '(`{3,}|~{3,})[^\\n]*\\n|<execute>';

/** What a reply says besides the code that became its action. */
export function withoutCode(reply: string, source: string): string {
  const code = source.trim().replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  const block = new RegExp(
    `(${OPENER})\\s*${code}\\s*(\`{3,}|~{3,}|</execute>|$)`
  );
  const found =
    block.exec(reply) ??
    // The action is not word for word in the reply: drop all from its block on.
    new RegExp(`(${OPENER})[^]*`).exec(reply);
  if (!found) {
    return reply.trim();
  }
  const before = reply.slice(0, found.index).trimEnd();
  const after = reply.slice(found.index + found[0].length).trimStart();
  return `${before}\n\n${after}`.trim();
}
