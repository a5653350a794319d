import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import type { MeterFile } from '../../src/lib/meter/meter-file.ts';
import { readMeterFile } from '../../src/lib/meter/read-meter-file.ts';
import { summarize } from '../../src/lib/series/summary.ts';
import type { ReadingSeries, Register } from '../../src/lib/series/types.ts';
import { dataFile, dataJson, haveData } from './data.ts';

const entries = v.array(v.object({ file: v.string(), family: v.string(), facts: v.record(v.string(), v.unknown()) }));
const entriesOf = (path: string) => (haveData ? v.parse(entries, dataJson(path)) : []);

const read = (file: string): Promise<MeterFile> => readMeterFile(dataFile(file), { name: file });

const of = (file: MeterFile, register: Register): readonly ReadingSeries[] =>
  file.series.filter((series) => series.register === register);
const kWh = (series: readonly ReadingSeries[]): number =>
  series.reduce((sum, one) => sum + summarize(one).total, 0) / 1000;
const count = (series: readonly ReadingSeries[]): number =>
  series.reduce((sum, { startMs }) => sum + startMs.length, 0);
const first = (series: readonly ReadingSeries[]): number =>
  Math.min(...series.map(({ startMs }) => startMs[0] ?? Infinity));
const last = (series: readonly ReadingSeries[]): number =>
  Math.max(...series.map(({ startMs }) => startMs[startMs.length - 1] ?? -Infinity));
const total = (series: readonly ReadingSeries[], expected: number) =>
  expect(Math.abs(kWh(series) - expected)).toBeLessThanOrEqual(0.001);

const number = v.number();
const text = v.string();
/** A fact by a path such as `totals.Elektriciteit.n`. */
const fact = <T>(facts: Record<string, unknown>, path: string, schema: v.GenericSchema<unknown, T>): T =>
  v.parse(
    schema,
    path.split('/').reduce<unknown>((value, key) => v.parse(v.record(v.string(), v.unknown()), value)[key], facts),
  );

/** Instant of an expected stamp, read in a zone's fixed offset where it has none. */
const instant = (stamp: string, offset: string): number =>
  Date.parse(
    /[+-]\d\d:?\d\d$|Z$/.test(stamp)
      ? stamp.replace(' ', 'T').replace(/ .*([+-]\d\d)(\d\d)$/, '$1:$2')
      : `${stamp.replace(' ', 'T').replaceAll('/', '-')}${offset}`,
  );

type Check = (file: MeterFile, facts: Record<string, unknown>) => void;

const plain =
  (register: Register, totalFact: string, zone: readonly [string, string]): Check =>
  (file, facts) => {
    const series = of(file, register);
    total(series, fact(facts, totalFact, number));
    expect(count(series)).toBe(fact(facts, 'n', number));
    expect(first(series)).toBe(instant(fact(facts, 'first', text), zone[0]));
    expect(last(series)).toBe(instant(fact(facts, 'last', text), zone[1]));
  };

/** Counters: n readings make n − 1 intervals, the last of which begins at the reading before the last. */
const counter =
  (parts: Partial<Record<Register, string>>, zone: string): Check =>
  (file, facts) => {
    for (const [register, path] of Object.entries(parts)) {
      const series = file.series.filter((one) => one.register === register);
      total(series, fact(facts, path, number));
      expect(count(series)).toBe(fact(facts, 'n', number) - 1);
      expect(first(series)).toBe(instant(fact(facts, 'first', text), zone));
      const end = series.map((one) => summarize(one).endMs);
      expect(end).toEqual([instant(fact(facts, 'last', text), zone)]);
    }
  };

const winter = '+01:00';
const summer = '+02:00';

/** What is checked of each family of files, beside that they are read. */
const checks: Readonly<Record<string, Check>> = {
  espi(file, facts) {
    const [expected] = v.parse(v.array(v.record(v.string(), v.unknown())), facts.series);
    const series = file.series;
    total(
      series,
      fact(expected ?? {}, expected !== undefined && 'total_kWh' in expected ? 'total_kWh' : 'total_kWh_if_Wh', number),
    );
    expect(count(series)).toBe(expected?.n);
    expect(first(series)).toBe(Date.parse(String(expected?.first)));
    expect(last(series)).toBe(Date.parse(String(expected?.last_start)));
    expect(series.map(({ register }) => register)).toEqual(['import']);
  },
  // The row 02:00 of the hour that spring skips is the value of the empty row 03:00: one reading, not two.
  ameren(file, facts) {
    total(file.series, fact(facts, 'total_import_kWh', number));
    expect(count(file.series)).toBe(fact(facts, 'n', number) - 1);
    expect([first(file.series), last(file.series)]).toEqual([
      instant(fact(facts, 'first', text), '-05:00'),
      instant(fact(facts, 'last', text), '-05:00'),
    ]);
  },
  dsmrreader(file, facts) {
    plain('import', 'total_import_kWh', [winter, winter])(file, facts);
    plain('export', 'total_export_kWh', [winter, winter])(file, facts);
    total(of(file, 'gas'), fact(facts, 'per_column/Gas', number));
  },
  enel: plain('import', 'total_import_kWh', [summer, summer]),
  emo_site(file, facts) {
    plain('import', 'total_import_kWh', [winter, winter])(file, facts);
    plain('export', 'total_export_kWh', [winter, winter])(file, facts);
    expect(file.findings.map(({ kind }) => kind)).toContain('totals-row');
  },
  engie(file, facts) {
    for (const [register, name] of [
      ['import', 'Elektriciteit'],
      ['export', 'Teruglevering'],
    ] as const) {
      total(of(file, register), fact(facts, `totals/${name}/total_import_kWh`, number));
      expect(count(of(file, register))).toBe(fact(facts, `totals/${name}/n`, number));
      expect(first(of(file, register))).toBe(instant(fact(facts, `totals/${name}/first`, text), ''));
      expect(last(of(file, register))).toBe(instant(fact(facts, `totals/${name}/last`, text), ''));
    }
  },
  enphase: plain('generation', 'produced_kWh', ['Z', 'Z']),
  fluvius(file, facts) {
    for (const [register, name] of [
      ['import', 'import_total'],
      ['export', 'export_total'],
    ] as const) {
      total(of(file, register), fact(facts, `${name}/total_import_kWh`, number));
      expect(count(of(file, register))).toBe(fact(facts, `${name}/n`, number));
      const missing = of(file, register).reduce((sum, series) => sum + summarize(series).missing, 0);
      expect(missing).toBe(fact(facts, `${name}/n_null`, number));
      expect(first(of(file, register))).toBe(instant(fact(facts, `${name}/first`, text), summer));
      expect(last(of(file, register))).toBe(instant(fact(facts, `${name}/last`, text), winter));
    }
    expect(file.findings.map(({ kind }) => kind)).toContain('autumn-hour');
  },
  greenchoice: counter({ import: 'delta_import_kWh', export: 'delta_export_kWh' }, summer),
  homewizard: counter({ import: 'delta_import_kWh', export: 'delta_export_kWh' }, summer),
  grafana: counter({ import: 'delta_kWh' }, 'Z'),
  haoracle: counter({ import: 'delta' }, 'Z'),
  sma: counter({ generation: 'delta_kWh' }, 'Z'),
  enedis_j: counter({ import: 'delta_kWh' }, ''),
  metern: plain('import', 'total_kWh_if_daily_Wh', ['Z', 'Z']),
  shelly(file, facts) {
    total(of(file, 'import'), fact(facts, 'total_dedup_keep_first', number));
    expect(count(of(file, 'import'))).toBe(fact(facts, 'unique_stamps', number));
    const duplicates = file.findings.find(({ kind }) => kind === 'duplicate');
    // Import and export columns repeat the same rows.
    expect(duplicates?.count).toBe(2 * fact(facts, 'duplicate_stamps', number));
    expect([first(file.series), last(file.series)]).toEqual([
      instant(fact(facts, 'first', text), 'Z'),
      instant(fact(facts, 'last', text), 'Z'),
    ]);
  },
  solaredge(file, facts) {
    total(of(file, 'generation'), fact(facts, 'total_kWh', number));
    expect(count(file.series)).toBe(fact(facts, 'n', number));
    expect([first(file.series), last(file.series)]).toEqual([
      instant('2024-10-01 00:00:00', summer),
      instant('2024-10-31 23:00:00', winter),
    ]);
  },
  isolar(file, facts) {
    for (const [register, name] of [
      ['generation', 'PV(kWh)'],
      ['import', 'Purchased Energy(kWh)'],
      ['export', 'Feed-in(kWh)'],
      ['other', 'Load(kWh)'],
    ] as const) {
      total(of(file, register), fact(facts, `sums/${name}`, number));
      expect(count(of(file, register))).toBe(fact(facts, 'n', number));
    }
  },
  unitedpower(file, facts) {
    const sections = v.parse(v.array(v.object({ total_import_kWh: number })), facts.sections);
    total(of(file, 'import'), sections[0]?.total_import_kWh ?? 0);
    total(of(file, 'other'), sections[1]?.total_import_kWh ?? 0);
    total(of(file, 'export'), -(sections[2]?.total_import_kWh ?? 0));
  },
  // Stamps are ends of quarter hours; the first and last starts lie a quarter hour before.
  eredes(file, facts) {
    total(file.series, fact(facts, 'total_kWh', number));
    expect(count(file.series)).toBe(fact(facts, 'n', number));
    expect([first(file.series) + 900_000, last(file.series) + 900_000]).toEqual([
      instant('2024-09-13T00:15', winter),
      instant('2025-09-13T00:00', winter),
    ]);
    expect(summarize(file.series[0] ?? expect.fail()).estimated).toBe(fact(facts, 'states/Estimada', number));
  },
  nlxlsx(file, facts) {
    const sum = (name: string) => fact(facts, `columns/${name}/sum`, number);
    total(of(file, 'import'), sum('D:Verbruik laag tarief') + sum('E:Verbruik hoog tarief'));
    total(of(file, 'export'), sum('I:Teruglevering laag tarief') + sum('J:Teruglevering hoog tarief'));
    expect(count(of(file, 'import'))).toBe(fact(facts, 'n', number));
  },
  // Stamps are ends of slots of 30 or 60 minutes.
  enedis_h(file, facts) {
    total(file.series, fact(facts, 'total_kWh_value_covers_time_since_previous_stamp_max1h', number));
    expect(count(file.series)).toBe(fact(facts, 'n', number));
    expect(summarize(file.series[0] ?? expect.fail()).endMs).toBe(instant(fact(facts, 'last', text), ''));
  },
  cups: plain('import', 'total_import_kWh', [winter, winter]),
  nem12(file, facts) {
    const channels = v.parse(
      v.array(v.object({ suffix: text, readings: number, total: number, total_unit: text, first: text })),
      facts.channels,
    );
    for (const [register, letter] of [
      ['import', 'E'],
      ['export', 'B'],
    ] as const) {
      const expected = channels.filter(({ suffix, total_unit }) => suffix.startsWith(letter) && total_unit === 'kWh');
      total(
        of(file, register),
        expected.reduce((sum, channel) => sum + channel.total, 0),
      );
      expect(of(file, register).map(({ startMs }) => startMs.length)).toEqual(expected.map(({ readings }) => readings));
    }
  },
  nem12zip(file, facts) {
    const [inner] = Object.values(facts);
    const channel = v.object({ nmi: text, suffix: text, readings: number, total: number });
    const { channels, n_channels } = v.parse(v.object({ channels: v.array(channel), n_channels: number }), inner);
    expect(file.series).toHaveLength(n_channels);
    for (const { nmi, suffix, readings, total: expected } of channels) {
      const series = file.series.filter(({ label }) => label === `${nmi} ${suffix}`);
      total(series, expected);
      expect(count(series)).toBe(readings);
    }
  },
  auwide: plain('import', 'total_import_kWh', ['+10:00', '+10:00']),
  redenergy: plain('import', 'total_import_kWh', ['+10:00', '+10:00']),
  // One telegram is one reading of each counter and makes no interval.
  dsmr(file, facts) {
    expect(file.series).toEqual([]);
    const counters = (register: Register, tariff: string) =>
      file.counters
        .filter((one) => one.register === register && one.tariff === tariff)
        .map(({ value }) => value / 1000);
    const expected = (name: string) => (typeof facts[name] === 'string' ? [Number(facts[name])] : []);
    for (const [register, prefix] of [
      ['import', 'imp'],
      ['export', 'exp'],
    ] as const) {
      expect(counters(register, '1')).toEqual(expected(`${prefix}_T1`));
      expect(counters(register, '2')).toEqual(expected(`${prefix}_T2`));
      expect(counters(register, '0')).toEqual(expected(`${prefix}_total`));
    }
  },
  eemeter(file, facts) {
    total(file.series, fact(facts, 'total_kWh_or_therm', number));
    expect(count(file.series)).toBe(fact(facts, 'n', number));
    expect([first(file.series), last(file.series)]).toEqual([
      instant(fact(facts, 'first', text), ''),
      instant(fact(facts, 'last', text), ''),
    ]);
  },
  // Energy of an hour is the rise of its sum. Where a sum falls, the hour is missing and the fall is not in the total.
  hastats(file, facts) {
    const expected = v.parse(v.record(text, v.object({ n: number, delta_sum: number })), facts.series);
    let checked = 0;
    for (const series of file.series) {
      const name = Object.keys(expected).find(
        (key) => file.series.length === 1 || key === `${series.label ?? ''} [kWh]`,
      );
      if (name === undefined) continue;
      checked++;
      if (summarize(series).missing === 0) total([series], expected[name]?.delta_sum ?? Number.NaN);
      expect([0, 1]).toContain((expected[name]?.n ?? 0) - series.startMs.length);
    }
    expect(checked).toBeGreaterThan(0);
  },
  lcl(file, facts) {
    total(file.series, fact(facts, 'total_kWh_dedup_first', number));
    expect(count(file.series)).toBe(fact(facts, 'n', number) - fact(facts, 'duplicate_stamps', number));
    expect([first(file.series), last(file.series)]).toEqual([
      instant(fact(facts, 'first', text), 'Z'),
      instant(fact(facts, 'last', text), 'Z'),
    ]);
  },
  zonnedael(file, facts) {
    const homes = v.parse(v.record(text, number), facts.total_per_home);
    expect(file.series).toHaveLength(fact(facts, 'homes', number));
    for (const series of file.series) {
      total([series], homes[series.label ?? ''] ?? Number.NaN);
      expect(series.startMs).toHaveLength(fact(facts, 'rows', number));
    }
    // All days have 96 rows, also the one with 23 hours: the file's clock does not change.
    expect(file.findings.map(({ kind }) => kind)).toContain('time-zone');
  },
  sgsc(file, facts) {
    const homes = v.parse(v.record(text, number), facts.per_home);
    const readings = v.parse(v.record(text, number), facts.readings_per_home);
    expect(file.series).toHaveLength(fact(facts, 'homes', number));
    for (const series of file.series) {
      total([series], homes[series.label ?? ''] ?? Number.NaN);
      expect(series.startMs).toHaveLength(readings[series.label ?? ''] ?? -1);
    }
    expect([first(file.series), last(file.series)]).toEqual([
      instant(fact(facts, 'first', text), 'Z'),
      instant(fact(facts, 'last', text), 'Z'),
    ]);
  },
};

/** Files that hold no readings that can be placed in time, and the words they are refused with. */
const refused: Readonly<Record<string, RegExp>> = {
  'dev/greenbutton/gb_gas_ngma_2024-07-16.xml': /same moment.*may be gas/,
  'dev/eemeter/il-tempF.csv.gz': /columns/,
  'dev/household/de_bdew_h25_profile.csv': /no column of dates/,
};
/** Simulated or anonymised homes whose tables have month, hour and kind of day, but no date. */
const refusedFamilies: Readonly<Record<string, RegExp>> = {
  citylearn: /no column of dates/,
  resstock: /no column of dates/,
};
/** Other projects' results, metadata and weather. */
const notMeterFiles =
  /\/oracle\/.*\.txt$|\.expected\.json$|metadata\.json$|reference-results|weather|pricing|carbon|schema\.json$|README/;

describe.skipIf(!haveData)('real meter files', () => {
  const all = [...entriesOf('dev/EXPECTED.json'), ...entriesOf('community/EXPECTED.json')].filter(
    ({ file }) => !notMeterFiles.test(file),
  );

  it('has a check for every family', () => {
    expect(
      all.filter(
        ({ file, family }) =>
          checks[family] === undefined && refused[file] === undefined && refusedFamilies[family] === undefined,
      ),
    ).toEqual([]);
  });

  it.each(all.map((entry) => [entry.file, entry] as const))('%s', async (file, { family, facts }) => {
    const refusal = refused[file] ?? refusedFamilies[family];
    if (refusal !== undefined) {
      await expect(read(file)).rejects.toThrow(refusal);
      return;
    }
    const meterFile = await read(file);
    expect(meterFile.ties).toEqual([]);
    checks[family]?.(meterFile, facts);
  });
});
