import { LabIcon } from '@jupyterlab/ui-components';

import attach from '../labextension/style/icons/attach.svg';
import codeact from '../labextension/style/icons/codeact.svg';
import different from '../labextension/style/icons/different.svg';
import lock from '../labextension/style/icons/lock.svg';

/** A paper clip. */
export const attachIcon = new LabIcon({
  name: 'jupyter-codeact:attach',
  svgstr: attach
});

/** A cell's brackets around a spark. */
export const codeActIcon = new LabIcon({
  name: 'jupyter-codeact:codeact',
  svgstr: codeact
});

/** A crossed-out equals sign. */
export const differentIcon = new LabIcon({
  name: 'jupyter-codeact:different',
  svgstr: different
});

/** A closed padlock. */
export const lockIcon = new LabIcon({
  name: 'jupyter-codeact:lock',
  svgstr: lock
});
