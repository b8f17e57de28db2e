/** The first line of a task, cut if it is long. */
export function brief(task: string): string {
  const [line] = task.trim().split('\n');
  return line.length > 60 ? `${line.slice(0, 59)}…` : line;
}
