/** The size of a file in a form for people; empty if it is not known. */
export function sizeOf(bytes: number | undefined | null): string {
  if (bytes === undefined || bytes === null) {
    return '';
  }
  const units = ['B', 'kB', 'MB', 'GB'];
  let unit = 0;
  let size = bytes;
  while (size >= 1000 && unit < units.length - 1) {
    size /= 1000;
    unit += 1;
  }
  return `${size.toFixed(unit > 0 && size < 10 ? 1 : 0)} ${units[unit]}`;
}
