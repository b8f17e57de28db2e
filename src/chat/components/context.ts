import { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { ISettings } from '../../tokens';
import { Library } from '../library';
import { ChatModel } from '../model';

/** What every part of the panel can use. */
export interface IPanelContext {
  /** Put the cursor where the user writes. */
  focusComposer: () => void;
  library: Library;
  model: ChatModel;
  rendermime: IRenderMimeRegistry;
  settings: ISettings | null;
  /** Whether settings can be shown here: Notebook 7 has them on another page. */
  hasSettings: () => boolean;
  /** Show the settings, for the user to change them. */
  showSettings: () => void;
  trans: TranslationBundle;
}

const PanelContext = React.createContext<IPanelContext | null>(null);

export const PanelProvider = PanelContext.Provider;

export function usePanel(): IPanelContext {
  return React.useContext(PanelContext)!;
}
