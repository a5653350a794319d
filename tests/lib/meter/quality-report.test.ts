import { describe, expect, it } from 'vitest';
import { minuteWords } from '../../../src/locales/dates.ts';
import { kinds, outlines, read } from './reading.ts';

const stamp = (ms: number) => new Date(ms).toISOString().slice(0, 16).replace('T', ' ');
const hours = (from: string, count: number, value: (hour: number) => string, skip: readonly number[] = []) => {
  const start = Date.parse(`${from}T00:00:00Z`);
  return Array.from({ length: count }, (_, i) => i)
    .filter((i) => !skip.includes(i))
    .map((i) => `${stamp(start + i * 3_600_000)},${value(i)}`);
};
const table = (rows: readonly string[]) => ['Time,Purchased Energy(kWh)', ...rows].join('\n');
const finding = async (text: string, kind: string, timeZone = 'Europe/Amsterdam') =>
  (await read(text, { timeZone })).findings.find((one) => one.kind === kind);

describe('quality report', () => {
  it('names a gap with its place and length, and fills nothing', async () => {
    const text = table(hours('2024-01-01', 48, () => '0.5', [10, 11, 12]));
    expect(await finding(text, 'gap')).toMatchObject({ count: 1, rows: [12] });
    expect((await finding(text, 'gap'))?.message).toContain(`${minuteWords(Date.UTC(2024, 0, 1, 10))} (3 hours)`);
    expect(outlines(await read(text))[0]?.[1]).toBe(45);
  });

  it('tells true duplicates from the repeated autumn hour', async () => {
    const day = hours('2024-10-27', 24, () => '0.5');
    const repeated = [...day.slice(0, 3), day[2] ?? '', ...day.slice(3)];
    const autumn = await read(table(repeated), { timeZone: 'Europe/Amsterdam' });
    expect(outlines(autumn)[0]?.slice(1, 6)).toEqual([25, '2024-10-26T22:00', '2024-10-27T22:00', 3600, 12_500]);
    expect(autumn.findings).toMatchObject([{ kind: 'autumn-hour', rows: [5], count: 1 }]);
    const copied = await read(table(hours('2024-10-20', 24, () => '0.5').flatMap((row) => [row, row])), {
      timeZone: 'Europe/Amsterdam',
    });
    expect(kinds(copied)).toEqual(['duplicate']);
    expect(outlines(copied)[0]?.[1]).toBe(24);
    // A file that repeats all its rows repeats those of the autumn hour as well.
    const all = await read(table(hours('2024-10-26', 48, () => '0.5').flatMap((row) => [row, row])), {
      timeZone: 'Europe/Amsterdam',
    });
    expect(outlines(all)[0]?.[1]).toBe(48);
  });

  it('says that the repeated hour is there once only, and in which direction a file runs', async () => {
    const day = hours('2024-10-27', 24, () => '0.5');
    const once = await read(table(day), { timeZone: 'Europe/Amsterdam' });
    expect(kinds(once)).toEqual(['gap', 'autumn-hour']);
    const backwards = await read(table([...day.slice(0, 3), '2024-10-27 02:00,0.9', ...day.slice(3)].toReversed()), {
      timeZone: 'Europe/Amsterdam',
    });
    // Newest first, so the row further down is the earlier hour.
    expect([...(backwards.series[0]?.energyWh.slice(2, 4) ?? [])]).toEqual([500, 900]);
  });

  it('has no gap where spring skips an hour, and reads a clock that never changes as winter time', async () => {
    const spring = hours('2024-03-31', 24, () => '0.5', [2]);
    expect(kinds(await read(table(spring), { timeZone: 'Europe/Amsterdam' }))).toEqual([]);
    const unchanged = await read(table(hours('2024-03-31', 48, () => '0.5')), { timeZone: 'Europe/Amsterdam' });
    expect(kinds(unchanged)).toEqual(['time-zone']);
    expect(outlines(unchanged)[0]?.slice(1, 4)).toEqual([48, '2024-03-30T23:00', '2024-04-01T22:00']);
  });

  it('keeps zero and missing apart', async () => {
    const file = await read(table(hours('2024-01-01', 24, (hour) => (hour === 3 ? '' : hour === 4 ? '0' : '0.5'))));
    expect(kinds(file)).toEqual(['missing']);
    expect([file.series[0]?.quality[3], file.series[0]?.quality[4]]).toEqual([2, 0]);
  });

  it('names every year in which the clock went back', async () => {
    const night = (day: string) => [1, 2, 2, 3].map((hour) => `${day} 0${hour}:00,0.5`);
    const file = await read(table([...night('2023-10-29'), ...night('2024-10-27')]), { timeZone: 'Europe/Amsterdam' });
    const autumn = file.findings.find(({ kind }) => kind === 'autumn-hour');
    expect(autumn).toMatchObject({ rows: [4, 8], count: 2 });
    expect(autumn?.message).toMatch(/2023 and 1 other day the clock went back/);
  });

  it('points out values far above all others', async () => {
    const text = table(hours('2024-01-01', 72, (hour) => (hour === 30 ? '60' : String(0.3 + (hour % 5) / 10))));
    expect(await finding(text, 'outlier')).toMatchObject({ severity: 'warning', count: 1, rows: [32] });
  });

  it('keeps a net meter apart and explains it', async () => {
    const file = await read(table(hours('2024-06-01', 48, (hour) => (hour % 24 === 12 ? '-1.5' : '0.5'))));
    expect(outlines(file)[0]?.[0]).toBe('other net');
    expect(file.findings.find(({ kind }) => kind === 'negative')?.message).toContain('import less export');
  });

  it('doubts units that no home can have', async () => {
    expect(await finding(table(hours('2024-01-01', 48, () => '500')), 'unit-doubt')).toMatchObject({
      severity: 'warning',
    });
    expect(await finding(table(hours('2024-01-01', 48, () => '0.0005')), 'unit-doubt')).toMatchObject({
      severity: 'warning',
    });
  });

  it('names rows it cannot read, leaves out totals, and gives up on rubbish', async () => {
    const rows = [...hours('2024-01-01', 24, () => '0.5'), 'someday,7', 'Total,12'];
    const file = await read(table(rows));
    expect(file.findings.map(({ kind, rows: lines }) => [kind, lines])).toEqual([
      ['unreadable-row', [26]],
      ['totals-row', [27]],
    ]);
    await expect(
      read(table(hours('2024-01-01', 3, () => '1').concat(Array(20).fill('x1,y2') as string[]))),
    ).rejects.toMatchObject({ code: 'damaged' });
  });

  it('tells rollover from a change of meter', async () => {
    const counter = (values: readonly number[]) =>
      ['time,Import T1 kWh', ...values.map((value, i) => `${stamp(Date.UTC(2024, 0, 1 + i))},${value}`)].join('\n');
    const rollover = await read(counter([99_980, 99_990, 5, 15]));
    expect([kinds(rollover), outlines(rollover)[0]?.[5]]).toEqual([['rollover'], 35_000]);
    const change = await read(counter([5000, 5010, 3, 13]));
    expect(kinds(change)).toEqual(['meter-change', 'missing']);
    expect(outlines(change)[0]?.slice(5)).toEqual([20_000, 1]);
  });

  it('keeps one reading a quarter hour of a counter that is logged every few seconds', async () => {
    const rows = Array.from(
      { length: 721 },
      (_, i) => `${new Date(Date.UTC(2024, 0, 1) + i * 5000).toISOString()},${(100 + i / 1000).toFixed(3)}`,
    );
    const file = await read(['time,Import T1 kWh', ...rows].join('\n'));
    expect(outlines(file)[0]?.slice(1, 6)).toEqual([4, '2024-01-01T00:00', '2024-01-01T00:45', 900, 720]);
  });
});
