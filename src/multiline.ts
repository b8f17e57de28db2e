/** A multiline string, which nbformat stores as a string or as a list of lines, as one string. */
export function multiline(value: unknown): string {
  return Array.isArray(value) ? value.join('') : String(value ?? '');
}
