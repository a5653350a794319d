import { describe, expect, it } from 'vitest';
import { calendarFile } from '../../../src/lib/ui/calendar.ts';

const entry = {
  id: 'energy-monthly',
  day: '2026-12-31',
  title: 'Look at December; compare, too',
  description: 'Öffnen Sie die App: die Messwerte bleiben auf dem Gerät, niemand sonst sieht sie. Wie immer.',
  url: 'https://energy.example/',
};
const now = new Date('2026-11-29T10:20:30.456Z');

describe('a calendar entry', () => {
  const text = calendarFile({ ...entry, monthly: true }, now);
  const unfolded = text.replaceAll('\r\n ', '');

  it('is an all-day event of one day, across the end of a year', () => {
    expect(unfolded).toContain('\r\nDTSTART;VALUE=DATE:20261231\r\nDTEND;VALUE=DATE:20270101\r\n');
    expect(unfolded).toContain('\r\nDTSTAMP:20261129T102030Z\r\n');
    expect(unfolded).toContain('\r\nRRULE:FREQ=MONTHLY;BYMONTHDAY=31\r\n');
    expect(calendarFile(entry, now)).not.toContain('RRULE');
  });

  it('escapes what has a meaning and keeps every line within 75 octets, characters whole', () => {
    expect(unfolded).toContain('SUMMARY:Look at December\\; compare\\, too\r\n');
    expect(unfolded).toContain(entry.description.replaceAll(',', '\\,'));
    const lines = text.split('\r\n');
    expect(lines.some((line) => line.startsWith(' '))).toBe(true);
    for (const line of lines) expect(new TextEncoder().encode(line).length).toBeLessThanOrEqual(75);
    expect(text.endsWith('END:VCALENDAR\r\n')).toBe(true);
  });
});
