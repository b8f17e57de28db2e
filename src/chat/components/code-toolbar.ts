import { Clipboard } from '@jupyterlab/apputils';
import { TranslationBundle } from '@jupyterlab/translation';
import {
  addBelowIcon,
  checkIcon,
  copyIcon,
  LabIcon,
  pasteIcon
} from '@jupyterlab/ui-components';
import * as React from 'react';

import { ChatModel } from '../model';
import { IPanelContext, usePanel } from './context';
import { rove } from './roving';

/** Milliseconds for which a button says that it has copied. */
const COPIED_SHOWN = 1500;

/** Buttons to copy code, or to put it into the notebook. */
export function codeToolbar(
  source: string,
  { model, trans }: Pick<IPanelContext, 'model' | 'trans'>
): HTMLElement {
  const toolbar = document.createElement('div');
  toolbar.className = 'jp-CodeAct-codeToolbar';
  toolbar.setAttribute('role', 'toolbar');
  toolbar.setAttribute('aria-label', trans.__('Code'));
  toolbar.append(
    copyButton(source, trans),
    ...notebookButtons(source, model, trans)
  );
  [...toolbar.querySelectorAll('button')].forEach((button, index) => {
    button.tabIndex = index === 0 ? 0 : -1;
  });
  rove(toolbar);
  return toolbar;
}

/** The same for code that React draws. */
export function CodeToolbar({ source }: { source: string }): React.JSX.Element {
  const { model, trans } = usePanel();
  const host = React.useRef<HTMLDivElement>(null);
  React.useLayoutEffect(() => {
    host.current!.replaceChildren(codeToolbar(source, { model, trans }));
  }, [model, source, trans]);
  return React.createElement('div', { ref: host });
}

function copyButton(source: string, trans: TranslationBundle): HTMLElement {
  const copy = trans.__('Copy');
  const button = iconButton(copyIcon, copy, () => {
    Clipboard.copyToSystem(source);
    label(button, checkIcon, trans.__('Copied'));
    window.setTimeout(() => label(button, copyIcon, copy), COPIED_SHOWN);
  });
  return button;
}

function notebookButtons(
  source: string,
  model: ChatModel,
  trans: TranslationBundle
): HTMLElement[] {
  return [
    iconButton(addBelowIcon, trans.__('Insert below the active cell'), () =>
      model.insertBelow(source)
    ),
    iconButton(pasteIcon, trans.__('Replace the active cell'), () =>
      model.replaceActive(source)
    )
  ];
}

function iconButton(
  icon: LabIcon,
  name: string,
  onClick: () => void
): HTMLButtonElement {
  const button = document.createElement('button');
  button.type = 'button';
  button.className = 'jp-CodeAct-iconButton jp-Button jp-mod-minimal';
  button.addEventListener('click', onClick);
  label(button, icon, name);
  return button;
}

function label(button: HTMLElement, icon: LabIcon, name: string): void {
  button.title = name;
  button.setAttribute('aria-label', name);
  button.replaceChildren(icon.element({ tag: 'span' }));
}
