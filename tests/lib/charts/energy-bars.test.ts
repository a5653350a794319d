import { describe, expect, it } from 'vitest';
import { barsOf, describeSpan, spanName } from '../../../src/lib/charts/energy-bars.ts';
import { numberOfDay } from '../../../src/lib/series/local-day.ts';
import { dayTotals } from '../../../src/lib/usage/days.ts';
import { hourTable } from '../../../src/lib/usage/hour-table.ts';
import { seriesOf, without, zone } from '../usage/series.ts';

const series = seriesOf('2023-01-01', '2024-07-01', 3600, () => 500);
const gap = numberOfDay('2024-02-10');
const gappy = without(series, gap * 86_400_000, (gap + 1) * 86_400_000);
const table = hourTable(gappy, zone);
const days = dayTotals(table);
const span = (from: string, to: string) => ({ fromDay: numberOfDay(from), untilDay: numberOfDay(to) + 1 });

describe('barsOf', () => {
  it('cuts a day into its hours, 23 or 25 of them when clocks change', () => {
    expect(barsOf(table, days, span('2024-03-31', '2024-03-31')).map(({ label }) => label)).toEqual(
      Array.from({ length: 24 }, (_, hour) => String(hour)).filter((hour) => hour !== '2'),
    );
    expect(barsOf(table, days, span('2023-10-29', '2023-10-29'))).toHaveLength(25);
  });

  it('cuts months into days and years into months', () => {
    const month = barsOf(table, days, span('2024-02-01', '2024-02-29'));
    expect(month).toHaveLength(29);
    expect(month.find(({ key }) => key === '2024-02-10')?.knownShare).toBeLessThan(0.1);
    const year = barsOf(table, days, span('2023-01-01', '2023-12-31'));
    expect(year.map(({ energyWh }) => energyWh)).toHaveLength(12);
    expect(year[0]?.energyWh).toBe(31 * 12_000);
    expect(barsOf(table, days, span('2024-01-01', '2024-12-31')).at(-1)).toMatchObject({ energyWh: 0, knownShare: 0 });
  });
});

describe('describeSpan', () => {
  it('says total, mean, comparison and gaps', () => {
    expect(describeSpan(days, span('2024-02-01', '2024-02-29'))).toMatch(
      /^February 2024: .*\u00a0kWh, 12\.0\u00a0kWh on a mean day, about the same as the period before and about the same as the same dates a year earlier\. 1 of 29 days has gaps or no readings/,
    );
    expect(describeSpan(days, span('2022-01-01', '2022-01-31'))).toBe('January 2022: no readings.');
  });

  it('tells days of a bill from gaps', () => {
    const bill = seriesOf('2024-01-01', '2024-01-31', 30 * 86_400, () => 300_000);
    const billed = dayTotals(hourTable(bill, zone));
    expect(describeSpan(billed, span('2024-01-01', '2024-01-31'))).toMatch(
      /^January 2024: 300\u00a0kWh\. 30 of 31 days are known only as part of a bill .* 1 of 31 days has gaps/,
    );
  });

  it('names spans shortly', () => {
    expect(spanName(span('2023-01-01', '2023-12-31'))).toBe('2023');
    expect(spanName(span('2024-02-01', '2024-02-29'))).toBe('February 2024');
  });
});
