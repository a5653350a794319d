import { describe, expect, it } from 'vitest';
import { whatIsDue, type Known } from '../../src/routes/due.ts';

const nothing: Known = { community: 'street', month: undefined, contributions: [], analyses: [], settings: {} };
const answer = (month: string, { communityId = 'street', madeMs = 1000 } = {}) => ({
  communityId,
  madeMs,
  comparison: { month },
});
const listed = (state: 'listed' | 'missing') => ({ state, sealed: true, untilMs: 0 });

describe('what is due', () => {
  it('is nothing without a complete month', () => {
    expect(whatIsDue(nothing)).toEqual([]);
  });

  it('is the newest month, until it was contributed or its owner has said no', () => {
    const complete = { ...nothing, month: '2026-03' };
    expect(whatIsDue(complete)).toEqual([{ kind: 'contribute', month: '2026-03' }]);
    expect(whatIsDue({ ...complete, settings: { notContributed: '2026-02' } })).toHaveLength(1);
    expect(whatIsDue({ ...complete, settings: { notContributed: '2026-03' } })).toEqual([]);
    expect(whatIsDue({ ...complete, contributions: [{ month: '2026-03', state: 'counted' }] })).toEqual([]);
  });

  it('is no month whose totals were opened without this home, but for another community', () => {
    const seen = { ...nothing, month: '2026-03', settings: { comparisonSeenMs: 1000 } };
    expect(whatIsDue({ ...seen, analyses: [answer('2026-03')] })).toEqual([]);
    expect(whatIsDue({ ...seen, analyses: [answer('2026-03', { communityId: 'other' })] })).toHaveLength(1);
    expect(whatIsDue({ ...seen, analyses: [answer('2026-02')] })).toHaveLength(1);
  });

  it('is an answer that was not looked at yet', () => {
    const analyses = [answer('2026-02', { madeMs: 2000 })];
    expect(whatIsDue({ ...nothing, analyses })).toEqual([{ kind: 'opened', month: '2026-02' }]);
    expect(whatIsDue({ ...nothing, analyses, settings: { comparisonSeenMs: 2000 } })).toEqual([]);
  });

  it('begins with what went wrong, then what waits', () => {
    const all: Known = {
      ...nothing,
      month: '2026-05',
      contributions: [
        { month: '2026-01', state: 'counted', listed: listed('listed') },
        { month: '2026-04', state: 'waiting' },
        { month: '2026-03', state: 'counted', listed: listed('missing') },
      ],
      analyses: [answer('2026-01')],
    };
    expect(whatIsDue(all)).toEqual([
      { kind: 'missing', month: '2026-03' },
      { kind: 'waiting', month: '2026-04' },
      { kind: 'opened', month: '2026-01' },
      { kind: 'contribute', month: '2026-05' },
    ]);
  });
});
