import { LabIcon } from '@jupyterlab/ui-components';

import codeact from '../labextension/style/icons/codeact.svg';

/** A cell's brackets around a spark. */
export const codeActIcon = new LabIcon({
  name: 'jupyter-codeact:codeact',
  svgstr: codeact
});
