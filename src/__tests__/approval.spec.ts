import { APPROVALS, readApproval } from '../approval';

describe('An approval', () => {
  it('is read in the spelling of today and of the first release', () => {
    expect(APPROVALS.map(readApproval)).toEqual(APPROVALS);
    const earlier = ['ask', 'ask-if-risky', 'auto'];
    expect(earlier.map(readApproval)).toEqual(APPROVALS);
  });

  it.each([undefined, null, 'sometimes', 'toString'])(
    'is not read from %p',
    value => {
      expect(readApproval(value)).toBeNull();
    }
  );
});
