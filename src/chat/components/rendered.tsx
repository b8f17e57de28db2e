import { PathExt } from '@jupyterlab/coreutils';
import { MimeModel } from '@jupyterlab/rendermime';
import { Widget } from '@lumino/widgets';
import * as React from 'react';

import { loadOnClick } from '../../remote';
import { usePanel } from './context';

/** Something as JupyterLab renders it: sanitized, with nothing fetched from elsewhere. */
export function Rendered(props: {
  type: string;
  source: string;
  /** What is done to it once it is drawn. */
  finish?: (node: HTMLElement) => void;
}): React.JSX.Element {
  const { finish, source, type } = props;
  const { model, rendermime } = usePanel();
  const host = React.useRef<HTMLDivElement>(null);
  const render = React.useRef<
    (source: string, finish?: (node: HTMLElement) => void) => void
  >(() => undefined);

  // A layout effect, because a Lumino widget has to go before its node leaves the page.
  React.useLayoutEffect(() => {
    const renderer = rendermime.createRenderer(type);
    loadOnClick(renderer.node, () => PathExt.dirname(model.path ?? ''));
    Widget.attach(renderer, host.current!);
    let wanted: (() => Promise<void>) | null = null;
    let drawing = false;
    // Rendering is asynchronous: one at a time, then only the newest of what came meanwhile.
    render.current = async (next, finishNext) => {
      wanted = async () => {
        const data = { [type]: next };
        await renderer.renderModel(new MimeModel({ data, trusted: false }));
        finishNext?.(renderer.node);
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
  }, [model, rendermime, type]);

  React.useEffect(() => {
    render.current(source, finish);
  }, [finish, rendermime, source, type]);

  return <div ref={host} />;
}
