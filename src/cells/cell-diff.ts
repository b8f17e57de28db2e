import { unifiedMergeView } from '@codemirror/merge';
import { Compartment, StateEffect } from '@codemirror/state';
import { EditorView } from '@codemirror/view';

/** Show in an editor what it held before; returns a function that shows it no more. */
export function showDiff(view: EditorView, before: string): () => void {
  const compartment = new Compartment();
  const diff = compartment.of(
    unifiedMergeView({
      original: before,
      mergeControls: false,
      gutter: false,
      allowInlineDiffs: true
    })
  );
  view.dispatch({ effects: StateEffect.appendConfig.of(diff) });
  return () => view.dispatch({ effects: compartment.reconfigure([]) });
}
