/** Something the user can understand and act upon; its message is a plain sentence for them. */
export class UserError extends Error {}
