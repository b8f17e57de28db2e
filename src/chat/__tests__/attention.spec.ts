import { Signal } from '@lumino/signaling';

import { FakeNotebooks } from '../../__tests__/fake-notebooks';
import { IConnection } from '../../tokens';
import { Attention } from '../attention';
import { ChatModel } from '../model';

describe('Attention', () => {
  const request = jest.fn(() => true);
  const notebooks = new FakeNotebooks();
  let isShown: boolean;
  let model: { -readonly [name in keyof ChatModel]?: unknown };
  let attention: Attention;

  beforeEach(() => {
    jest.useFakeTimers();
    request.mockClear();
    isShown = true;
    model = {
      path: 'a.ipynb',
      isBusy: false,
      isRunning: false,
      places: [{ cellId: 'b', index: 1, count: null, isInto: false }],
      models: { status: { state: 'ready' } },
      state: { conversation: {} }
    };
    const changed = new Signal<object, void>(model);
    Object.assign(model, { changed });
    attention = new Attention({
      connection: {
        request,
        stateChanged: new Signal({})
      } as unknown as IConnection,
      model: model as unknown as ChatModel,
      notebooks,
      isShown: () => isShown,
      settings: { guidance: 'small', instructions: 'Be brief.' }
    });
  });

  afterEach(() => {
    attention.dispose();
    jest.useRealTimers();
  });

  const emit = () => (model.changed as Signal<object, void>).emit();

  it('tells the server once the notebook in front is quiet', () => {
    for (let key = 0; key < 3; key++) {
      notebooks.edited.emit('a.ipynb');
      jest.advanceTimersByTime(900);
    }
    expect(request).not.toHaveBeenCalled();
    jest.advanceTimersByTime(100);
    expect(request).toHaveBeenCalledTimes(1);
    expect(request).toHaveBeenCalledWith({
      type: 'attend',
      notebook: 'a.ipynb',
      below: 'b',
      guidance: 'small',
      instructions: 'Be brief.'
    });
  });

  it('tells it when the model is loaded, and nothing twice', () => {
    model.models = { status: { state: 'loading' } };
    emit();
    jest.runAllTimers();
    expect(request).not.toHaveBeenCalled();
    model.models = { status: { state: 'ready' } };
    emit();
    emit();
    jest.runAllTimers();
    emit();
    jest.runAllTimers();
    expect(request).toHaveBeenCalledTimes(1);
  });

  it.each([
    ['the panel is out of view', () => (isShown = false)],
    ['a run is under way', () => (model.isBusy = true)],
    ['no notebook is in front', () => (model.path = null)]
  ])('keeps quiet when %s', (_, set) => {
    set();
    attention.soon();
    notebooks.edited.emit('b.ipynb');
    jest.runAllTimers();
    expect(request).not.toHaveBeenCalled();
  });
});
