/** An error the user can understand and act on; its message is a plain sentence for them. */
export class UserError extends Error {
  constructor(
    message: string,
    /** Whether the kernel may still be running a cell that is no longer on the page. */
    readonly cellRuns = false
  ) {
    super(message);
  }
}
