import { Title, Widget } from '@lumino/widgets';

import { Activity } from '../session/selectors';

const CLASSES: { [activity in Activity]: string } = {
  working: 'jp-mod-codeActWorking',
  waiting: 'jp-mod-codeActWaiting'
};

/** Show at a tab what CodeAct does there; `null` for nothing. */
export function mark(title: Title<Widget>, activity: Activity | null): void {
  const others = title.className
    .split(/\s+/)
    .filter(name => !Object.values(CLASSES).includes(name));
  title.className = [...others, ...(activity ? [CLASSES[activity]] : [])].join(
    ' '
  );
}
