/** A time in seconds since 1970, as the user's locale writes it. */
export function timeText(seconds: number): string {
  return new Date(seconds * 1000).toLocaleString(undefined, {
    dateStyle: 'medium',
    timeStyle: 'short'
  });
}
