import { describe, expect, it } from 'vitest';
import { weekdayOrder } from '../../src/locales/dates.ts';
import { dayOfNumber, numberOfDay } from '../../src/lib/series/local-day.ts';
import { moved, spanAround, zoomed } from '../../src/routes/trends/span.ts';

const words = ({ fromDay, untilDay }: { fromDay: number; untilDay: number }) => [
  dayOfNumber(fromDay),
  dayOfNumber(untilDay - 1),
];
const day = numberOfDay('2024-02-29');

describe('spans', () => {
  it('hold a day', () => {
    expect(words(spanAround('day', day))).toEqual(['2024-02-29', '2024-02-29']);
    expect(words(spanAround('week', day, weekdayOrder('de')))).toEqual(['2024-02-26', '2024-03-03']);
    expect(words(spanAround('week', day, weekdayOrder('en-US')))).toEqual(['2024-02-25', '2024-03-02']);
    expect(words(spanAround('month', day))).toEqual(['2024-02-01', '2024-02-29']);
    expect(words(spanAround('year', day))).toEqual(['2024-01-01', '2024-12-31']);
  });

  it('move to the one before and after', () => {
    expect(words(moved('month', spanAround('month', day), 1))).toEqual(['2024-03-01', '2024-03-31']);
    expect(words(moved('year', spanAround('year', day), -1))).toEqual(['2023-01-01', '2023-12-31']);
    expect(words(moved('week', spanAround('week', day, weekdayOrder('de')), -1))).toEqual(['2024-02-19', '2024-02-25']);
    expect(words(moved('range', { fromDay: day, untilDay: day + 10 }, 1))).toEqual(['2024-03-10', '2024-03-19']);
  });

  it('zoom around a day, never beyond what is known, and always change', () => {
    const known = { fromDay: day - 100, untilDay: day + 100 };
    const month = { fromDay: day - 15, untilDay: day + 15 };
    const near = zoomed(month, 0.5, day, known);
    expect(near.untilDay - near.fromDay).toBe(15);
    expect(near.fromDay <= day && day < near.untilDay).toBe(true);
    expect(zoomed(month, 100, day, known)).toEqual(known);
    let span = known;
    for (let i = 0; i < 20; i += 1) span = zoomed(span, 0.9, day, known);
    expect(span.untilDay - span.fromDay).toBeLessThan(30);
    for (let i = 0; i < 60; i += 1) span = zoomed(span, 0.9, day, known);
    expect(span.untilDay - span.fromDay).toBe(1);
  });
});
