import { TranslationBundle } from '@jupyterlab/translation';

import { ApprovalChanged } from './protocol';

/** Which of the agent's cells wait for the user's approval. */
export type Approval = ApprovalChanged['approval'];

/** From the most cells to the fewest. */
export const APPROVALS: readonly Approval[] = ['always', 'risky', 'never'];

/** Names of the first release: users may have them in keyboard shortcuts, and older kernels send them. */
const EARLIER = new Map<string, Approval>([
  ['ask', 'always'],
  ['ask-if-risky', 'risky'],
  ['auto', 'never']
]);

/** The approval that a value names, in today's spelling or in the first release's; `null` if it names none. */
export function readApproval(value: unknown): Approval | null {
  const name = String(value);
  return APPROVALS.find(one => one === name) ?? EARLIER.get(name) ?? null;
}

/** How an approval is shown: in a list of choices, as a command, and what it means. */
export interface IApprovalText {
  readonly label: string;
  readonly command: string;
  readonly hint: string;
}

export function approvalText(
  approval: Approval,
  trans: TranslationBundle,
  isForRun = false
): IApprovalText {
  if (isForRun) {
    const text = approvalText(approval, trans);
    return { ...text, label: trans.__('%1 in this run', text.label) };
  }
  switch (approval) {
    case 'always':
      return {
        label: trans.__('Always ask'),
        command: trans.__('Always Ask Before Running a Cell'),
        hint: trans.__('CodeAct asks before it runs a cell.')
      };
    case 'risky':
      return {
        label: trans.__('Ask if risky'),
        command: trans.__('Ask Before Running a Risky Cell'),
        hint: trans.__(
          'CodeAct asks before it runs a cell that deletes files, starts programs or the like.'
        )
      };
    case 'never':
      return {
        label: trans.__('Never ask'),
        command: trans.__('Never Ask Before Running a Cell'),
        hint: trans.__('CodeAct runs its cells without asking.')
      };
  }
}
