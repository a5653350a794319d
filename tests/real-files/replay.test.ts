import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { features, vectorParts } from '../../src/protocol/features.ts';
import { replayHomes } from '../../src/simulation/replay.ts';
import { dataFile, haveData } from './data.ts';

const read = (name: string) => {
  const bytes = dataFile(`community/${name}`);
  return Buffer.from(name.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8');
};

describe.skipIf(!haveData)('replayed homes', () => {
  test('56 Dutch homes of January 2013, with energies as an independent sum has them', () => {
    const csv = read('nl_zonnedael_56homes_2013H1_15min_Wh.csv');
    const { month, vectors } = replayHomes(csv);
    expect(month).toBe('2013-01');
    expect(vectors).toHaveLength(56);
    const rows = csv.split('\n').filter((line) => /^\d+-1-2013 /.test(line));
    expect(rows).toHaveLength(31 * 96);
    vectors.forEach((vector, home) => {
      const kwhPerDay = rows.reduce((sum, row) => sum + Number(row.split(',')[home + 1]), 0) / 1000 / 31;
      const code = Math.floor((256 * Math.log(kwhPerDay / 0.5)) / Math.log(400));
      expect(vectorParts(vector).codeSums[0]).toBe(code);
    });
  });

  test('other layouts: half hours with gaps, and 100 homes by the hour', () => {
    const sydney = replayHomes(read('au_sgsc_10homes_2012_2014_30min_wide.csv.gz'));
    expect(sydney.vectors.length).toBeGreaterThan(5);
    const texas = replayHomes(read('us_resstock_travis/homes100_hourly_plugload_kWh.csv.gz'), '2018-02');
    expect(texas.vectors).toHaveLength(100);
    expect(vectorParts(texas.vectors[0] ?? []).histograms).toHaveLength(features.length);
  });

  test('refuses files of another layout and months that are not there', () => {
    expect(() => replayHomes('time,a\n1,2')).toThrow('first column');
    expect(() => replayHomes('datetime,a\n1-1-2013 00:00,2')).toThrow('No home');
    expect(() => replayHomes('datetime,a\n1-1-2013 00:00,x')).toThrow('none');
  });
});
