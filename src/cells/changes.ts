import { MergeView } from '@codemirror/merge';
import { EditorState, Extension } from '@codemirror/state';
import { EditorView, lineNumbers } from '@codemirror/view';
import { jupyterTheme } from '@jupyterlab/codemirror';
import { TranslationBundle } from '@jupyterlab/translation';
import { Widget } from '@lumino/widgets';

/** What a run changed in a cell: its source before the run and now, side by side. */
export class Changes extends Widget {
  constructor(options: Changes.IOptions) {
    super();
    this.addClass('jp-CodeAct-changes');
    const { before, language, now, trans } = options;
    const head = document.createElement('div');
    head.className = 'jp-CodeAct-changesHead';
    const columns = [
      before === null
        ? trans.__('Before the run: not there yet')
        : trans.__('Before the run'),
      trans.__('Now')
    ];
    for (const title of columns) {
      head.appendChild(document.createElement('span')).textContent = title;
    }
    this.node.appendChild(head);
    const side = (doc: string, label: string) => ({
      doc,
      extensions: [
        jupyterTheme,
        lineNumbers(),
        language,
        EditorView.lineWrapping,
        EditorState.readOnly.of(true),
        EditorView.editable.of(false),
        EditorView.contentAttributes.of({ 'aria-label': label, tabindex: '0' })
      ]
    });
    this._view = new MergeView({
      a: side(before ?? '', columns[0]),
      b: side(now, columns[1]),
      collapseUnchanged: { margin: 3, minSize: 6 },
      gutter: true,
      parent: this.node
    });
  }

  override dispose(): void {
    if (!this.isDisposed) {
      this._view.destroy();
      super.dispose();
    }
  }

  private _view: MergeView;
}

export namespace Changes {
  export interface IOptions {
    /** The source as it was; `null` where there was no cell. */
    before: string | null;
    now: string;
    /** What colours the code. */
    language: Extension;
    trans: TranslationBundle;
  }
}
