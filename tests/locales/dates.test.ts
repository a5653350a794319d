import { describe, expect, it } from 'vitest';
import { dayWords, minuteWords, weekdayOrder } from '../../src/locales/dates.ts';

describe('dates by locale', () => {
  it('lay out the week as the country does', () => {
    expect(weekdayOrder('de-DE')).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect(weekdayOrder('es-ES')[0]).toBe(0);
    expect(weekdayOrder('en-US')).toEqual([6, 0, 1, 2, 3, 4, 5]);
    expect(weekdayOrder('es-MX')[0]).toBe(6);
  });

  it('are words', () => {
    expect(dayWords(Date.UTC(2024, 0, 31))).toBe('Jan 31, 2024');
    expect(minuteWords(Date.UTC(2024, 0, 31, 17, 5))).toMatch(/^Jan 31, 2024, 5:05\sPM$/);
  });
});
