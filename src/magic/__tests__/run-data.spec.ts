import { event, history, waiting } from '../../session/__tests__/events';
import { BLANK, receive } from '../../session/state';
import { IRunData, readRun, runDataIn } from '../run-data';

const DATA: IRunData = {
  version: 1,
  id: 'one',
  task: 'Do it.',
  state: 'running',
  run: 'r'
};

describe('The output below a magic', () => {
  it('is found again by its run after a reload', () => {
    const state = receive(BLANK, history(waiting('1'), { running: true }));
    expect(runDataIn(state, DATA)).toMatchObject({ state: 'waiting', turn: 1 });
  });

  it('counts the turn that an observation begins', () => {
    const events = [event('run_started', 0), event('observation', 1)];
    const state = receive(BLANK, history(events, { running: true }));
    expect(runDataIn(state, DATA)).toMatchObject({ state: 'running', turn: 2 });
  });

  it('stays as it is where nothing is known of its run', () => {
    const state = receive(BLANK, history(waiting('1'), { running: true }));
    expect(runDataIn(state, { ...DATA, run: 'other' })).toBeNull();
    expect(runDataIn(state, { ...DATA, run: undefined })).toBeNull();
  });

  it.each([null, 'text', {}, { id: 1 }])('is not read from %j', value => {
    expect(readRun(value)).toBeNull();
  });
});
