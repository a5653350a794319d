import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { seriesOfManualReadings, type ManualReading } from '../../../src/lib/meter/manual.ts';
import { Quality } from '../../../src/lib/series/types.ts';

const zone = 'Europe/Amsterdam';
const at = (iso: string) => Date.parse(iso);
const reading = (iso: string, kWh: number, meter?: string): ManualReading => ({
  register: 'import',
  atMs: at(iso),
  value: kWh * 1000,
  ...(meter === undefined ? {} : { meter }),
});
const total = (energyWh: Int32Array | undefined) => energyWh?.reduce((sum, energy) => sum + energy, 0);

describe('manual readings', () => {
  it('spreads use evenly over local days, across the change of the clock, and marks it as estimated', () => {
    const { series, findings } = seriesOfManualReadings(
      [reading('2024-03-30T12:00+01:00', 1000), reading('2024-04-01T12:00+02:00', 1047)],
      zone,
    );
    const [one] = series;
    expect([...(one?.lengthSeconds ?? [])].map((seconds) => seconds / 3600)).toEqual([12, 23, 12]);
    expect([...(one?.energyWh ?? [])]).toEqual([12_000, 23_000, 12_000]);
    expect([...(one?.quality ?? [])]).toEqual([Quality.estimated, Quality.estimated, Quality.estimated]);
    expect(findings.map(({ kind }) => kind)).toEqual(['spread']);
  });

  it('takes readings in any order and counts every Wh once', () => {
    const step = fc.record({ days: fc.integer({ min: 1, max: 60 }), wh: fc.integer({ min: 0, max: 900_000 }) });
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 10 }), (steps) => {
        let atMs = at('2023-10-01T18:23Z');
        let value = 123_456;
        const readings: ManualReading[] = [{ register: 'import', atMs, value }];
        for (const { days, wh } of steps)
          readings.push({ register: 'import', atMs: (atMs += days * 86_400_000), value: (value += wh) });
        const [one] = seriesOfManualReadings(readings.toReversed(), zone).series;
        expect(total(one?.energyWh)).toBe(value - 123_456);
        expect(one?.startMs[0]).toBe(readings[0]?.atMs);
      }),
      { numRuns: 100 },
    );
  });

  it('counts across a rollover of the display', () => {
    const { series, findings } = seriesOfManualReadings(
      [reading('2024-01-01T00:00Z', 99_950), reading('2024-02-01T00:00Z', 250)],
      zone,
      5,
    );
    expect(total(series[0]?.energyWh)).toBe(300_000);
    expect(findings.map(({ kind }) => kind)).toContain('rollover');
  });

  it('never subtracts readings of different meters, and leaves a lower reading open', () => {
    const changed = [
      reading('2024-01-01T00:00Z', 5000, 'old'),
      reading('2024-02-01T00:00Z', 5100, 'old'),
      reading('2024-02-01T00:00Z', 3, 'new'),
      reading('2024-03-01T00:00Z', 103, 'new'),
    ];
    expect(total(seriesOfManualReadings(changed, zone).series[0]?.energyWh)).toBe(200_000);
    const lower = seriesOfManualReadings(
      [reading('2024-01-01T00:00Z', 5000), reading('2024-02-01T00:00Z', 4000), reading('2024-03-01T00:00Z', 4100)],
      zone,
    );
    expect(total(lower.series[0]?.energyWh)).toBe(100_000);
    expect(lower.findings[0]).toMatchObject({ kind: 'meter-change', severity: 'warning' });
  });

  it('keeps registers apart and makes nothing of one reading', () => {
    const both = seriesOfManualReadings(
      [
        reading('2024-01-01T00:00Z', 1),
        reading('2024-01-02T00:00Z', 2),
        { register: 'gas', atMs: at('2024-01-01T00:00Z'), value: 0 },
        { register: 'gas', atMs: at('2024-01-02T00:00Z'), value: 500 },
      ],
      zone,
    );
    expect(both.series.map(({ register, unit }) => [register, unit])).toEqual([
      ['import', 'Wh'],
      ['gas', 'dm3'],
    ]);
    expect(seriesOfManualReadings([reading('2024-01-01T00:00Z', 1)], zone)).toEqual({ series: [], findings: [] });
  });
});
