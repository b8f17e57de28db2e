import * as React from 'react';

import { Claim } from '../../protocol';
import { linkClaims } from '../claims';
import { splitMarkdown } from '../markdown-blocks';
import { codeToolbar } from './code-toolbar';
import { usePanel } from './context';
import { Rendered } from './rendered';

/** Markdown as JupyterLab renders it, with maths and code, without unsafe HTML. */
export const Markdown = React.memo(function Markdown(props: {
  source: string;
  /** Whether text is still added at the end. */
  streaming?: boolean;
  /** The values in it, with the cells that show them. */
  claims?: readonly Claim[];
}): React.JSX.Element {
  const { claims, source, streaming } = props;
  const blocks = splitMarkdown(source);
  return (
    <div className="jp-CodeAct-markdown">
      {blocks.map((block, index) => (
        // Only the last one changes, so only it is drawn again.
        <Block
          key={index}
          source={block}
          isGrowing={!!streaming && index === blocks.length - 1}
          claims={claims}
        />
      ))}
    </div>
  );
});

const Block = React.memo(function Block(props: {
  source: string;
  isGrowing?: boolean;
  claims?: readonly Claim[];
}): React.JSX.Element {
  const { claims, isGrowing, source } = props;
  const { model, trans } = usePanel();
  const finish = React.useCallback(
    (node: HTMLElement) => {
      if (!isGrowing) {
        addToolbars(node, code => codeToolbar(code, { model, trans }));
        linkClaims(node, claims ?? [], {
          go: cellId => void model.jumpToCell(cellId),
          trans
        });
      }
    },
    [claims, isGrowing, model, trans]
  );
  return <Rendered type="text/markdown" source={source} finish={finish} />;
});

/** Give each code block its toolbar, above it. */
function addToolbars(
  node: HTMLElement,
  toolbar: (code: string) => HTMLElement
): void {
  for (const pre of node.querySelectorAll('pre')) {
    const block = document.createElement('div');
    block.className = 'jp-CodeAct-codeBlock';
    pre.replaceWith(block);
    // So that wide code can be scrolled with the keyboard.
    pre.tabIndex = 0;
    block.append(toolbar((pre.textContent ?? '').replace(/\n$/, '')), pre);
  }
}

/** Python code, highlighted. */
export const PythonCode = React.memo(function PythonCode({
  source
}: {
  source: string;
}): React.JSX.Element {
  const longest = Math.max(
    0,
    ...(source.match(/`+/g) ?? []).map(s => s.length)
  );
  const fence = '`'.repeat(Math.max(3, longest + 1));
  return (
    <div className="jp-CodeAct-markdown">
      <Rendered
        type="text/markdown"
        source={`${fence}python\n${source}\n${fence}`}
      />
    </div>
  );
});
