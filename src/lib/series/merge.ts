/**
 * Two series of one register made one: what is already kept and what a new file brings. Importing the same file
 * twice, or overlapping files, never counts an interval twice.
 */

import { minuteWords } from '../../locales/dates.ts';
import { plural } from '../../locales/plural.ts';
import { wallClockOf } from './local-day.ts';
import { overlapGroups, type Run } from './overlap.ts';
import { Quality, type Finding, type ReadingSeries } from './types.ts';

/** A stretch of time of which the two tell different things. */
export interface Difference {
  readonly startMs: number;
  readonly endMs: number;
  /** What each tells, in the series' unit. */
  readonly kept: number;
  readonly incoming: number;
}

export interface MergeResult {
  readonly series: ReadingSeries;
  /** Intervals of `incoming` that were new, that said the same as `kept`, and that took the place of kept ones. */
  readonly added: number;
  readonly agreed: number;
  readonly replaced: number;
  /** Stretches of time for which the two differ; each is in a finding, with what was kept. */
  readonly conflicts: number;
  /** The first of the conflicts. */
  readonly differences: readonly Difference[];
  readonly findings: readonly Finding[];
}

/** So many differences are told one by one. */
const shownDifferences = 20;

/** Sources round cumulatively, so an interval cut differently may differ by this much and still be the same. */
const toleranceWh = 1;

const energyOf = (series: ReadingSeries, { from, until }: Run): number => {
  let sum = 0;
  for (let i = from; i < until; i++) sum += series.energyWh[i] ?? 0;
  return sum;
};

/** When the last interval of two runs ends. */
const endMsOf = (...runs: readonly (readonly [ReadingSeries, Run])[]): number =>
  Math.max(
    ...runs.map(
      ([{ startMs, lengthSeconds }, { until }]) => (startMs[until - 1] ?? 0) + (lengthSeconds[until - 1] ?? 0) * 1000,
    ),
  );

/** Milliseconds a run covers with known values. */
const knownMs = (series: ReadingSeries, { from, until }: Run): number => {
  let sum = 0;
  for (let i = from; i < until; i++)
    if (series.quality[i] !== Quality.missing) sum += (series.lengthSeconds[i] ?? 0) * 1000;
  return sum;
};

/** Worst quality in a run: measured (0) is the best. */
const worstQuality = (series: ReadingSeries, { from, until }: Run): number => {
  let worst = 0;
  for (let i = from; i < until; i++) worst = Math.max(worst, series.quality[i] ?? 0);
  return worst;
};

type Choice = 'agree' | 'kept' | 'incoming' | 'revised' | 'conflict';

/**
 * What to do where intervals of both overlap: more known time wins, then better quality, then the finer step if both
 * tell the same energy. Where they tell different energy at equal quality, what was there first stays.
 */
const choose = (kept: ReadingSeries, k: Run, incoming: ReadingSeries, n: Run): Choice => {
  const keptMs = knownMs(kept, k);
  const incomingMs = knownMs(incoming, n);
  const differs =
    Math.abs(energyOf(kept, k) - energyOf(incoming, n)) >
    toleranceWh * Math.max(1, Math.min(k.until - k.from, n.until - n.from));
  if (keptMs !== incomingMs) {
    if (keptMs === 0) return 'incoming';
    if (incomingMs === 0) return 'kept';
    // One side knows only part of the other's time; energies cannot be compared.
    return keptMs > incomingMs ? 'conflict' : 'revised';
  }
  if (keptMs === 0) return 'agree';
  const keptQuality = worstQuality(kept, k);
  const incomingQuality = worstQuality(incoming, n);
  if (incomingQuality < keptQuality) return differs ? 'revised' : 'incoming';
  if (incomingQuality > keptQuality) return differs ? 'conflict' : 'kept';
  if (differs) return 'conflict';
  return n.until - n.from > k.until - k.from ? 'incoming' : 'agree';
};

/**
 * Merges `incoming` into `kept`. The result is ascending and never overlaps; merging the same again changes nothing.
 * @param timeZone - in which findings tell times; UTC if it is not given
 * @throws RangeError when the two are of different registers or units.
 */
export const mergeSeries = (kept: ReadingSeries, incoming: ReadingSeries, timeZone = 'UTC'): MergeResult => {
  if (kept.register !== incoming.register || kept.unit !== incoming.unit)
    throw new RangeError('incoming: of another register or unit than what is kept');
  const parts: { source: ReadingSeries; run: Run }[] = [];
  const counts = { agree: 0, kept: 0, incoming: 0, revised: 0, conflict: 0, added: 0 };
  const differences: { choice: Choice; row: number; difference: Difference }[] = [];

  for (const { a, b, startMs } of overlapGroups(kept, incoming)) {
    const size = b.until - b.from;
    if (size === 0) parts.push({ source: kept, run: a });
    else if (a.until === a.from) {
      parts.push({ source: incoming, run: b });
      counts.added += size;
    } else {
      const choice = choose(kept, a, incoming, b);
      const takeIncoming = choice === 'incoming' || choice === 'revised';
      parts.push(takeIncoming ? { source: incoming, run: b } : { source: kept, run: a });
      counts[choice] += size;
      if (choice === 'revised' || choice === 'conflict')
        differences.push({
          choice,
          row: b.from + 1,
          difference: {
            startMs,
            endMs: endMsOf([kept, a], [incoming, b]),
            kept: energyOf(kept, a),
            incoming: energyOf(incoming, b),
          },
        });
    }
  }

  const findings: Finding[] = [];
  const report = (choice: Choice, kind: string, severity: Finding['severity'], what: string) => {
    const found = differences.filter((difference) => difference.choice === choice);
    const first = found[0];
    if (first === undefined) return;
    const since = minuteWords(wallClockOf(first.difference.startMs, timeZone));
    findings.push({
      kind,
      severity,
      message: `${plural(found.length, ['# stretch of time differs between what is stored and the new file.', '# stretches of time differ between what is stored and the new file.'])} ${what} First at: ${since}.`,
      rows: found.slice(0, 20).map(({ row }) => row),
      count: found.length,
    });
  };
  report('conflict', 'merge-conflict', 'warning', 'The stored values were kept.');
  report(
    'revised',
    'merge-revised',
    'info',
    'The new file knows more there, or measured what was estimated: its values were taken.',
  );

  const conflicts = differences.filter(({ choice }) => choice === 'conflict');
  return {
    series: gather(kept, parts),
    added: counts.added,
    agreed: counts.agree + counts.kept,
    replaced: counts.incoming + counts.revised,
    conflicts: conflicts.length,
    differences: conflicts.slice(0, shownDifferences).map(({ difference }) => difference),
    findings,
  };
};

const gather = (like: ReadingSeries, parts: readonly { source: ReadingSeries; run: Run }[]): ReadingSeries => {
  const length = parts.reduce((sum, { run }) => sum + run.until - run.from, 0);
  const startMs = new Float64Array(length);
  const lengthSeconds = new Uint32Array(length);
  const energyWh = new Int32Array(length);
  const quality = new Uint8Array(length);
  let at = 0;
  for (const { source, run } of parts)
    for (let i = run.from; i < run.until; i++, at++) {
      startMs[at] = source.startMs[i] ?? 0;
      lengthSeconds[at] = source.lengthSeconds[i] ?? 0;
      energyWh[at] = source.energyWh[i] ?? 0;
      quality[at] = source.quality[i] ?? 0;
    }
  return { ...like, startMs, lengthSeconds, energyWh, quality };
};
