/** Something the user can understand and act upon; its message is a plain sentence for them. */
export class UserError extends Error {
  constructor(
    message: string,
    /** Whether the kernel may still be at a cell that nobody sees any more. */
    readonly cellRuns = false
  ) {
    super(message);
  }
}
