import { ReactWidget } from '@jupyterlab/apputils';
import {
  IRenderMime,
  IRenderMimeRegistry,
  MimeModel
} from '@jupyterlab/rendermime';
import { TranslationBundle } from '@jupyterlab/translation';
import { Widget } from '@lumino/widgets';
import * as React from 'react';

import { loadOnClick } from '../remote';
import { IRunData, isOver as isRunOver, MIME_TYPE, readRun } from './run-data';

/** Draws the output below a `%codeact`. */
export class RunRenderer extends ReactWidget implements IRenderMime.IRenderer {
  constructor(private _options: RunRenderer.IOptions) {
    super();
    this.addClass('jp-CodeAct-magic');
  }

  async renderModel(model: IRenderMime.IMimeModel): Promise<void> {
    this._data = readRun(model.data[MIME_TYPE]);
    this.update();
  }

  protected render(): React.JSX.Element | null {
    return this._data && <Run data={this._data} {...this._options} />;
  }

  private _data: IRunData | null = null;
}

export namespace RunRenderer {
  export interface IOptions {
    /** The folder of the notebook, in Jupyter's contents. */
    folder: () => string;
    /** Whether the run is under way now, and not only in the saved notebook. */
    isLive: (run: string) => boolean;
    rendermime: IRenderMimeRegistry;
    stop: (run: string) => void;
    trans: TranslationBundle;
  }
}

function Run(props: { data: IRunData } & RunRenderer.IOptions) {
  const { data, folder, isLive, rendermime, stop, trans } = props;
  const { run } = data;
  const isOver = isRunOver(data);
  const isLiveRun = run !== undefined && isLive(run);
  return (
    <div className="jp-CodeAct-magicRun" data-state={data.state}>
      <div className="jp-CodeAct-magicState" role="status">
        {!isOver && <span className="jp-CodeAct-magicPulse" aria-hidden />}
        {stateOf(data, isLiveRun, trans)}
        {!isOver && isLiveRun && (
          <button className="jp-CodeAct-magicStop" onClick={() => stop(run)}>
            {trans.__('Stop')}
          </button>
        )}
      </div>
      {isOver && data.answer && (
        <Answer source={data.answer} rendermime={rendermime} folder={folder} />
      )}
      {isOver && data.message && (
        <div className="jp-CodeAct-magicMessage">{data.message}</div>
      )}
    </div>
  );
}

function stateOf(
  data: IRunData,
  isLive: boolean,
  trans: TranslationBundle
): string {
  const turns = data.turn ?? 0;
  switch (data.state) {
    case 'ended':
      return data.answered
        ? trans._n(
            'CodeAct answered after %1 turn',
            'CodeAct answered after %1 turns',
            turns
          )
        : trans.__('CodeAct did not come to an answer');
    case 'refused':
      return trans.__('CodeAct did not begin');
    case 'handed':
      return trans.__('CodeAct begins in this page');
    case 'waiting':
      return trans.__('CodeAct waits for your approval');
    default:
      return isLive
        ? trans.__('CodeAct is at work, turn %1', turns)
        : trans.__('CodeAct was at work when this was saved');
  }
}

function Answer(
  props: { source: string } & Pick<
    RunRenderer.IOptions,
    'folder' | 'rendermime'
  >
) {
  const { folder, rendermime, source } = props;
  const host = React.useRef<HTMLDivElement>(null);
  React.useLayoutEffect(() => {
    // Untrusted, whoever wrote it, so that unsafe HTML is left out.
    const data = { 'text/markdown': source };
    const renderer = rendermime.createRenderer('text/markdown');
    loadOnClick(renderer.node, folder);
    Widget.attach(renderer, host.current!);
    void renderer.renderModel(new MimeModel({ data, trusted: false }));
    return () => renderer.dispose();
  }, [folder, rendermime, source]);
  return <div ref={host} className="jp-CodeAct-magicAnswer" />;
}
