import { INotice } from '../session/state';

/** What the panel does outside of itself: it makes and opens notebooks. */
export interface IWorkspace {
  /** The folder that is in front where no notebook is. */
  folder: () => string;
  /** Make a notebook, bring it in front, and return its path; `null` if that cannot be done. */
  newNotebook: () => Promise<string | null>;
  /** Open a notebook or another file; `false` if that cannot be done. */
  open: (path: string) => Promise<boolean>;
  /** Show the files, for the user to open one. */
  browse: () => void;
  /** Show a sentence to the user where no notebook is. */
  tell: (tone: INotice['tone'], text: string) => void;
}
