import { MimeModel } from '@jupyterlab/rendermime';
import { Widget } from '@lumino/widgets';
import * as React from 'react';

import { usePanel } from './context';

const MARKDOWN = 'text/markdown';

/** Markdown as JupyterLab renders it: maths and code included, unsafe HTML not. */
export const Markdown = React.memo(function Markdown(props: {
  source: string;
}): React.JSX.Element {
  const { source } = props;
  const { rendermime } = usePanel();
  const host = React.useRef<HTMLDivElement>(null);
  const render = React.useRef<(source: string) => void>(() => undefined);

  // A layout effect, because a Lumino widget has to go before its node leaves the page.
  React.useLayoutEffect(() => {
    const renderer = rendermime.createRenderer(MARKDOWN);
    Widget.attach(renderer, host.current!);
    let wanted: string | null = null;
    let drawing = false;
    // Rendering is asynchronous: one at a time, and only the newest of what came meanwhile.
    render.current = async next => {
      wanted = next;
      if (drawing) {
        return;
      }
      drawing = true;
      while (wanted !== null && !renderer.isDisposed) {
        const data = { [MARKDOWN]: wanted };
        wanted = null;
        await renderer.renderModel(new MimeModel({ data, trusted: false }));
      }
      drawing = false;
    };
    return () => renderer.dispose();
  }, [rendermime]);

  React.useEffect(() => {
    render.current(source);
  }, [rendermime, source]);

  return <div ref={host} className="jp-CodeAct-markdown" />;
});

/** Python code, highlighted. */
export function PythonCode({ source }: { source: string }): React.JSX.Element {
  const longest = Math.max(
    0,
    ...(source.match(/`+/g) ?? []).map(s => s.length)
  );
  const fence = '`'.repeat(Math.max(3, longest + 1));
  return <Markdown source={`${fence}python\n${source}\n${fence}`} />;
}
