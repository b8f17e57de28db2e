import { MimeModel } from '@jupyterlab/rendermime';
import { Widget } from '@lumino/widgets';
import * as React from 'react';

import { splitMarkdown } from '../markdown-blocks';
import { codeToolbar } from './code-toolbar';
import { usePanel } from './context';

const MARKDOWN = 'text/markdown';

/** Markdown as JupyterLab renders it, with maths and code, without unsafe HTML. */
export const Markdown = React.memo(function Markdown(props: {
  source: string;
  /** Whether text is still added at the end. */
  streaming?: boolean;
}): React.JSX.Element {
  const { source, streaming } = props;
  const blocks = splitMarkdown(source);
  return (
    <div className="jp-CodeAct-markdown">
      {blocks.map((block, index) => (
        // Only the last one changes, so only it is drawn again.
        <Block
          key={index}
          source={block}
          isGrowing={!!streaming && index === blocks.length - 1}
        />
      ))}
    </div>
  );
});

const Block = React.memo(function Block(props: {
  source: string;
  isGrowing?: boolean;
  /** Whether its code gets no toolbar. */
  isBare?: boolean;
}): React.JSX.Element {
  const { isBare, isGrowing, source } = props;
  const { model, rendermime, trans } = usePanel();
  const host = React.useRef<HTMLDivElement>(null);
  const render = React.useRef<(source: string, tools: boolean) => void>(
    () => undefined
  );

  // A layout effect, because a Lumino widget has to go before its node leaves the page.
  React.useLayoutEffect(() => {
    const renderer = rendermime.createRenderer(MARKDOWN);
    Widget.attach(renderer, host.current!);
    let wanted: (() => Promise<void>) | null = null;
    let drawing = false;
    // Rendering is asynchronous: one at a time, then only the newest of what came meanwhile.
    render.current = async (next, tools) => {
      wanted = async () => {
        const data = { [MARKDOWN]: next };
        await renderer.renderModel(new MimeModel({ data, trusted: false }));
        if (tools) {
          addToolbars(renderer.node, code =>
            codeToolbar(code, { model, trans })
          );
        }
      };
      if (drawing) {
        return;
      }
      drawing = true;
      while (wanted !== null && !renderer.isDisposed) {
        const draw: () => Promise<void> = wanted;
        wanted = null;
        await draw();
      }
      drawing = false;
    };
    return () => renderer.dispose();
  }, [model, rendermime, trans]);

  React.useEffect(() => {
    render.current(source, !isGrowing && !isBare);
  }, [isBare, isGrowing, rendermime, source]);

  return <div ref={host} />;
});

/** Give each code block its toolbar. */
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
    block.append(pre, toolbar((pre.textContent ?? '').replace(/\n$/, '')));
  }
}

/** Python code, highlighted. */
export function PythonCode({ source }: { source: string }): React.JSX.Element {
  const longest = Math.max(
    0,
    ...(source.match(/`+/g) ?? []).map(s => s.length)
  );
  const fence = '`'.repeat(Math.max(3, longest + 1));
  return (
    <div className="jp-CodeAct-markdown">
      <Block source={`${fence}python\n${source}\n${fence}`} isBare />
    </div>
  );
}
