import { INotebookModel, NotebookPanel } from '@jupyterlab/notebook';
import { NBTestUtils } from '@jupyterlab/notebook/lib/testutils';
import { Widget } from '@lumino/widgets';

type Content = Parameters<INotebookModel['sharedModel']['fromJSON']>[0];

/** A notebook on the page, with a mock of a Python kernel. */
export async function makePanel(
  cells: Content['cells'],
  startKernel = true
): Promise<NotebookPanel> {
  const context = await NBTestUtils.createMockContext(startKernel);
  const panel = NBTestUtils.createNotebookPanel(context);
  const { sharedModel } = panel.model!;
  sharedModel.fromJSON({
    nbformat: 4,
    nbformat_minor: 5,
    metadata: {},
    cells
  });
  sharedModel.clearUndoHistory();
  Widget.attach(panel, document.body);
  return panel;
}
