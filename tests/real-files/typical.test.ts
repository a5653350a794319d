import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import * as typical from '../../src/lib/advice/typical.ts';
import { instantOfLocal } from '../../src/lib/series/local-day.ts';
import { homeFigures, type HomeFigures } from '../../src/lib/usage/home-figures.ts';
import { hourTable } from '../../src/lib/usage/hour-table.ts';
import { quantile } from '../../src/lib/usage/statistics.ts';
import { dataFile, haveData } from './data.ts';

/** Figures of every home of a wide file: a column of times, then one a home. */
const figuresOf = (
  csv: string,
  options: { utc: boolean; stepSeconds: number; whPerUnit: number; timeZone: string },
): HomeFigures[] => {
  const [head = '', ...lines] = csv.trim().split(/\r?\n/);
  const homes = head.split(',').filter((name) => name.trim() !== '').length - 1;
  const rows = lines.map((line) => line.split(','));
  const starts = rows.map(([stamp = '']) => {
    if (options.utc) return Date.parse(stamp);
    const [day = 0, month = 1, year = 0, hour = 0, minute = 0] = stamp.split(/[- :]/).map(Number);
    const instant = instantOfLocal(Date.UTC(year, month - 1, day, hour, minute), options.timeZone);
    return instant.kind === 'never' ? Number.NaN : instant.ms;
  });
  return Array.from({ length: homes }, (_, home) => {
    const kept = [...rows.keys()].filter(
      (i) =>
        !Number.isNaN(starts[i]) &&
        (rows[i]?.[home + 1] ?? '').trim() !== '' &&
        (i === 0 || (starts[i] ?? 0) > (starts[i - 1] ?? 0)),
    );
    const series = {
      register: 'import' as const,
      unit: 'Wh' as const,
      startMs: Float64Array.from(kept, (i) => starts[i] ?? 0),
      lengthSeconds: new Uint32Array(kept.length).fill(options.stepSeconds),
      energyWh: Int32Array.from(kept, (i) => Math.round(Number(rows[i]?.[home + 1]) * options.whPerUnit)),
      quality: new Uint8Array(kept.length),
    };
    return homeFigures(hourTable(series, options.timeZone), options.utc);
  }).filter((figures) => figures !== undefined);
};

const hoursShare = ({ weekdayWh, weekendWh, baseloadW }: HomeFigures, from: number, until: number): number => {
  const activity = weekdayWh.map((wh, hour) => Math.max(0, (5 * wh + 2 * (weekendWh[hour] ?? wh)) / 7 - baseloadW));
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
  return sum(activity.slice(from, until)) / sum(activity);
};

describe.skipIf(!haveData)('what advice calls usual and high', () => {
  const read = (name: string) => {
    const bytes = dataFile(`community/${name}`);
    return Buffer.from(name.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8');
  };
  const dutch = haveData
    ? figuresOf(read('nl_zonnedael_56homes_2013H1_15min_Wh.csv'), {
        utc: false,
        stepSeconds: 900,
        whPerUnit: 1,
        timeZone: 'Europe/Amsterdam',
      })
    : [];
  const australian = haveData
    ? figuresOf(read('au_sgsc_10homes_2012_2014_30min_wide.csv.gz'), {
        utc: true,
        stepSeconds: 1800,
        whPerUnit: 1000,
        timeZone: 'UTC',
      })
    : [];
  const homes = [...dutch, ...australian];

  const check = (values: readonly number[], { usual, high }: typical.Typical, tolerance: number) => {
    const [middle, upper] = [quantile(values, 0.5), quantile(values, 0.75)];
    expect(Math.abs(usual / middle - 1), `usual ${usual}, found ${middle}`).toBeLessThanOrEqual(tolerance);
    expect(Math.abs(high / upper - 1), `high ${high}, found ${upper}`).toBeLessThanOrEqual(tolerance);
  };

  it('is median and upper quartile of 66 real homes', () => {
    expect([dutch.length, australian.length]).toEqual([56, 10]);
    check(
      homes.map((home) => home.baseloadW),
      typical.baseload,
      0.05,
    );
    expect(
      Math.abs(
        quantile(
          homes.map((home) => home.baseloadW),
          0.25,
        ) /
          typical.attainableBaseloadW -
          1,
      ),
    ).toBeLessThan(0.05);
    check(
      homes.map((home) => hoursShare(home, 17, 21)),
      typical.eveningActivity,
      0.05,
    );
    check(
      homes.map((home) => hoursShare(home, 0, 5)),
      typical.nightActivity,
      0.05,
    );
    check(
      homes.map((home) => hoursShare(home, 10, 16)),
      typical.middayActivity,
      0.05,
    );
    check(
      homes.map((home) => home.features.weekendRatio),
      typical.weekend,
      0.03,
    );
    check(
      homes.map((home) => home.features.peakThreeHoursKw),
      typical.highestHours,
      0.05,
    );
  });

  it('has the seasons of ten Australian homes', () => {
    const share = (part: 'warmKwh' | 'coldKwh') =>
      australian.flatMap(({ seasons, yearKwh }) => (seasons ? [seasons[part] / yearKwh] : []));
    check(share('warmKwh'), typical.warmSeason, 0.03);
    check(share('coldKwh'), typical.coldSeason, 0.03);
  });
});
