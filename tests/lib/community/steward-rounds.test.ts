import { describe, expect, it } from 'vitest';
import { closingMs, planRounds, roundInWords, type StewardRound } from '../../../src/lib/community/steward-rounds.ts';
import type { StewardWords } from '../../../src/protocol/endpoint-client.ts';
import type { Community } from '../../../src/protocol/manifest.ts';
import { checkManifest } from '../../../src/protocol/manifest.ts';
import { exampleManifest } from '../../protocol/example.ts';

const community = async (): Promise<Community> => checkManifest((await exampleManifest(6)).message);
const nothing: StewardWords = { keys: [], closes: [], seals: [], openings: [], norms: [] };
const round = (change: Partial<StewardRound>): StewardRound => ({
  month: '2026-01',
  state: 'collecting',
  closesMs: Date.UTC(2026, 1, 15),
  homes: 24,
  words: { ...nothing, keys: [0, 1, 2] },
  own: 'keys',
  ...change,
});
const words = async (change: Partial<StewardRound>, me = 0) =>
  roundInWords(round(change), await community(), me, (ms) => new Date(ms).toISOString().slice(0, 10));

describe('a round in words', () => {
  it('says whose keys are missing, and asks for one’s own', async () => {
    const { manifest } = await community();
    const [, second, third] = manifest.stewards;
    const waiting = await words({ state: 'announced', words: { ...nothing, keys: [0] } });
    expect(waiting).toMatchObject({ waitingFor: [second?.name, third?.name], action: undefined });
    expect(await words({ state: 'announced', words: { ...nothing, keys: [1] } })).toMatchObject({ action: 'announce' });
  });

  it('says when it closes, and lets each steward ask for it once', async () => {
    expect(await words({})).toMatchObject({ action: 'close', next: expect.stringContaining('2026-02-15') as string });
    const asked = await words({ words: { ...nothing, closes: [0] } });
    expect(asked.action).toBeUndefined();
    expect(asked.next).toContain('takes 2 stewards');
  });

  it('is opened by a tap, and goes on by itself after it', async () => {
    const { manifest } = await community();
    expect(await words({ state: 'closed' })).toMatchObject({ action: 'open' });
    const sealed = await words({ state: 'closed', own: 'sealed', words: { ...nothing, seals: [0, 2] } });
    expect(sealed).toMatchObject({
      title: 'Sealed by 2 of 3',
      waitingFor: [manifest.stewards[1]?.name],
      action: 'continue',
    });
    const opening = { ...nothing, seals: [0, 1, 2], openings: [0] };
    expect(await words({ state: 'sealed', own: 'sealed', words: opening })).toMatchObject({
      title: 'Opened by 1 of 3',
      action: 'continue',
    });
  });

  it('asks nothing of a device that has no keys for it', async () => {
    const seals = { ...nothing, seals: [0] };
    expect((await words({ state: 'closed', own: 'none', words: seals })).action).toBeUndefined();
  });

  it('ends with published totals or with keys to erase', async () => {
    expect(await words({ state: 'opened', own: 'over' })).toMatchObject({ title: 'Published', action: undefined });
    expect(await words({ state: 'opened', own: 'sealed' })).toMatchObject({ action: 'continue' });
    const expired = await words({ state: 'expired' });
    expect(expired.action).toBe('erase');
    expect(expired.next).toContain('24 homes took part, which is too few');
    expect((await words({ state: 'expired', own: 'over' })).action).toBeUndefined();
  });
});

describe('rounds ahead', () => {
  const nowMs = Date.UTC(2026, 0, 20, 12);

  it('close on the 15th of the next month, but never sooner than two weeks from now', () => {
    expect(closingMs('2026-01', nowMs)).toBe(Date.UTC(2026, 1, 15));
    expect(closingMs('2026-12', nowMs)).toBe(Date.UTC(2027, 0, 15));
    expect(closingMs('2025-12', nowMs)).toBe(Date.UTC(2026, 1, 4));
  });

  it('are for months in a row and close when another steward has said', () => {
    const known = [{ month: '2026-01', closesMs: 5 }];
    expect(planRounds('2025-12', 3, known, nowMs)).toEqual([
      { month: '2025-12', closesMs: Date.UTC(2026, 1, 4) },
      { month: '2026-01', closesMs: 5 },
      { month: '2026-02', closesMs: Date.UTC(2026, 2, 15) },
    ]);
  });
});
