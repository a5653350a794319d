/** Calendar entries to download: a reminder without a server, an account or a permission. */

export interface CalendarEntry {
  /** The same id replaces an entry that was added before. */
  readonly id: string;
  /** Local day `YYYY-MM-DD`. */
  readonly day: string;
  readonly title: string;
  readonly description: string;
  /** Where the entry leads. */
  readonly url: string;
  /** Whether it comes back on this day of every month. */
  readonly monthly?: boolean;
}

const escaped = (text: string): string =>
  text.replaceAll('\\', '\\\\').replaceAll(';', '\\;').replaceAll(',', '\\,').replaceAll(/\r?\n/g, '\\n');

/** Cuts a line after at most 75 octets, never within a character (RFC 5545, 3.1). */
function folded(line: string): string {
  const lines: string[] = [];
  let current = '';
  let octets = 0;
  for (const character of line) {
    const length = new TextEncoder().encode(character).length;
    if (octets + length > 75) {
      lines.push(current);
      // The space that marks a continuation counts.
      [current, octets] = [' ', 1];
    }
    current += character;
    octets += length;
  }
  return [...lines, current].join('\r\n');
}

/** An all-day entry with an alarm at nine in the morning, as an iCalendar file (RFC 5545). */
export function calendarFile({ id, day, title, description, url, monthly = false }: CalendarEntry, now: Date): string {
  const stamp = now
    .toISOString()
    .replaceAll(/[-:]/g, '')
    .replace(/\.\d+Z$/, 'Z');
  const date = day.replaceAll('-', '');
  const next = new Date(`${day}T00:00:00Z`);
  next.setUTCDate(next.getUTCDate() + 1);
  return [
    'BEGIN:VCALENDAR',
    'VERSION:2.0',
    /* @wc-ignore */ 'PRODID:-//Private Energy Usage Analytics//EN',
    'BEGIN:VEVENT',
    `UID:${id}@private-energy-usage-analytics`,
    `DTSTAMP:${stamp}`,
    `DTSTART;VALUE=DATE:${date}`,
    `DTEND;VALUE=DATE:${next.toISOString().slice(0, 10).replaceAll('-', '')}`,
    ...(monthly ? [`RRULE:FREQ=MONTHLY;BYMONTHDAY=${Number(day.slice(8))}`] : []),
    `SUMMARY:${escaped(title)}`,
    `DESCRIPTION:${escaped(description)}`,
    `URL:${url}`,
    'TRANSP:TRANSPARENT',
    'BEGIN:VALARM',
    'ACTION:DISPLAY',
    `DESCRIPTION:${escaped(title)}`,
    'TRIGGER:PT9H',
    'END:VALARM',
    'END:VEVENT',
    'END:VCALENDAR',
    '',
  ]
    .map(folded)
    .join('\r\n');
}
