/** Dates and times as meter files write them. */

/** Order of the date's parts; years of four digits in front are recognised whatever the order. */
export type DateOrder = 'dmy' | 'mdy' | 'ymd';

export interface Stamp {
  /** Calendar fields read as if UTC, in ms. */
  readonly wallMs: number;
  /** Offset from UTC where the text tells it. */
  readonly offsetMs: number | undefined;
}

/** Hours from UTC by the names of clocks that files of some country write behind a time. */
const zoneHours: Readonly<Record<string, number>> = {
  ...{ Z: 0, UTC: 0, GMT: 0, WET: 0, BST: 1, WEST: 1, CET: 1, MEZ: 1, CEST: 2, MESZ: 2, EET: 2, EEST: 3 },
  ...{ EDT: -4, EST: -5, CDT: -5, CST: -6, MDT: -6, MST: -7, PDT: -7, PST: -8 },
  ...{ AWST: 8, ACST: 9.5, ACDT: 10.5, AEST: 10, AEDT: 11, NZST: 12, NZDT: 13 },
};

// The `A` of `AEST` is no `AM`.
const half = String.raw`(?:([AaPp])(?![A-Z]{2}T)\.?(?:[Mm]\.?)?)?`;
const clock = String.raw`(?:[T ,]+(\d{1,2})[:.hH](\d{2})(?:[:.](\d{2})(?:[.,]\d+)?)?\s*${half})?`;
const zone = String.raw`\s*(${Object.keys(zoneHours).join('|')}|(?:[A-Z]{1,5}\s*)?[+-]\d{2}:?\d{2}|[+-]\d{2})?`;
const yearFirst = new RegExp(String.raw`^(\d{4})([-/.])(\d{1,2})\2(\d{1,2})${clock}${zone}$`);
const yearLast = new RegExp(String.raw`^(\d{1,2})([-/. ])(\d{1,2}|[^\d\s\-/.]{3,9}\.?)\2(\d{4}|\d{2})${clock}${zone}$`);
const compact = /^(\d{4})(\d{2})(\d{2})(?:[T ]?(\d{2}):?(\d{2})(?::?(\d{2}))?)?(Z)?$/;
const monthAlone = /^(?:(\d{4})-(\d{1,2})|(\d{1,2}|[^\d\s\-/.]{3,9}\.?)[-/ ](\d{4}))$/;
const epoch = /^\d{10}(\.\d+)?$|^\d{13}$/;

/** First three letters of month names in the languages of the known formats, without accents. */
const months: Readonly<Record<string, number>> = Object.fromEntries(
  [
    ['jan', 'ene', 'gen', 'janv'],
    ['feb', 'fev'],
    ['mar', 'maa', 'mrt'],
    ['apr', 'avr', 'abr'],
    ['may', 'mei', 'mai', 'mag'],
    ['jun', 'giu', 'juin'],
    ['jul', 'lug', 'juil'],
    ['aug', 'aou', 'ago'],
    ['sep', 'set'],
    ['oct', 'okt', 'out', 'ott'],
    ['nov'],
    ['dec', 'dez', 'dic'],
  ].flatMap((names, month) => names.map((name) => [name, month + 1])),
);

const monthOf = (text: string): number => {
  if (/^\d+$/.test(text)) return Number(text);
  const name = text
    .normalize('NFD')
    .replace(/[^a-z]/gi, '')
    .toLowerCase();
  return months[name.slice(0, 4)] ?? months[name.slice(0, 3)] ?? 0;
};

const offsetOf = (text: string | undefined): number | undefined => {
  if (text === undefined) return undefined;
  const match = /([+-])(\d{2}):?(\d{2})?$/.exec(text);
  if (match === null) return (zoneHours[text] ?? 0) * 3_600_000;
  const minutes = Number(match[2]) * 60 + Number(match[3] ?? 0);
  return (match[1] === '-' ? -minutes : minutes) * 60_000;
};

const wallOf = (year: number, month: number, day: number, hour = 0, minute = 0, second = 0): number | undefined => {
  if (month < 1 || month > 12 || day < 1 || day > 31 || hour > 24 || minute > 59 || second > 59) return undefined;
  const midnight = Date.UTC(year, month - 1, day);
  // A date such as 30 February would roll over into March.
  if ((day > 28 && new Date(midnight).getUTCDate() !== day) || year < 1970 || year > 2200) return undefined;
  return midnight + ((hour * 60 + minute) * 60 + second) * 1000;
};

const hourOf = (hour: string | undefined, half: string | undefined): number => {
  const value = Number(hour ?? 0);
  if (half === undefined) return value;
  return (value % 12) + (half.toLowerCase() === 'p' ? 12 : 0);
};

/**
 * Reads a date with or without time of day and offset, a compact date (`20240131`), a Unix time in s or ms, or a month
 * (`2024-01`, `01/2024`, `Jan 2024`: its first day). `24:00` is midnight of the next day. @returns undefined when the whole text is none of these
 */
export const parseStamp = (text: string, order: DateOrder): Stamp | undefined => {
  const trimmed = text.trim();
  let wallMs: number | undefined;
  let offset: string | undefined;
  let match = yearFirst.exec(trimmed);
  if (match !== null) {
    const [, year, , second, third, hour, minute, seconds, half] = match;
    offset = match[9];
    wallMs = wallOf(
      Number(year),
      Number(second),
      Number(third),
      hourOf(hour, half),
      Number(minute ?? 0),
      Number(seconds ?? 0),
    );
  } else if ((match = yearLast.exec(trimmed)) !== null) {
    const [, first, , second = '', last = '', hour, minute, seconds, half] = match;
    offset = match[9];
    const named = !/^\d+$/.test(second);
    if (order === 'ymd' && last.length === 2 && !named) {
      wallMs = wallOf(
        2000 + Number(first),
        Number(second),
        Number(last),
        hourOf(hour, half),
        Number(minute ?? 0),
        Number(seconds ?? 0),
      );
    } else {
      const year = last.length === 2 ? 2000 + Number(last) : Number(last);
      const monthFirst = order === 'mdy' && !named;
      const month = monthFirst ? Number(first) : monthOf(second);
      const day = monthFirst ? Number(second) : Number(first);
      wallMs = wallOf(year, month, day, hourOf(hour, half), Number(minute ?? 0), Number(seconds ?? 0));
    }
  } else if (epoch.test(trimmed)) {
    const number = Number(trimmed);
    return {
      wallMs: trimmed.length === 13 && !trimmed.includes('.') ? number : Math.round(number * 1000),
      offsetMs: 0,
    };
  } else if ((match = compact.exec(trimmed)) !== null) {
    const [, year, month, day, hour, minute, second] = match;
    offset = match[7];
    wallMs = wallOf(
      Number(year),
      Number(month),
      Number(day),
      Number(hour ?? 0),
      Number(minute ?? 0),
      Number(second ?? 0),
    );
  } else if ((match = monthAlone.exec(trimmed)) !== null) {
    const [, year, month = '', name = '', yearBehind] = match;
    wallMs = wallOf(Number(year ?? yearBehind), monthOf(year === undefined ? name : month), 1);
  }
  return wallMs === undefined ? undefined : { wallMs, offsetMs: offsetOf(offset) };
};

/** Time of day (`7:05`, `19:05:00`, `7:05 PM`, `24:00`) in ms; undefined when it is none. */
export const parseTimeOfDay = (text: string): number | undefined => {
  const match = /^(\d{1,2})[:.hH](\d{2})(?:[:.](\d{2})(?:[.,]\d+)?)?\s*(?:([AaPp])\.?[Mm]\.?)?$/.exec(text.trim());
  if (match === null) return undefined;
  const hour = hourOf(match[1], match[4]);
  const minute = Number(match[2]);
  const second = Number(match[3] ?? 0);
  if (hour > 24 || minute > 59 || second > 59) return undefined;
  return ((hour * 60 + minute) * 60 + second) * 1000;
};

/**
 * Order of day and month that fits all sample dates; `doubtful` when both do (no day over 12 among them).
 */
export const guessDateOrder = (cells: Iterable<string>): { readonly order: DateOrder; readonly doubtful: boolean } => {
  let dayFirst = true;
  let monthFirst = true;
  for (const cell of cells) {
    const text = cell.trim();
    if (/^\d{4}/.test(text)) return { order: 'ymd', doubtful: false };
    const match = /^(\d{1,2})[-/. ](\d{1,2})[-/. ]\d/.exec(text);
    if (match === null) continue;
    if (Number(match[1]) > 12) monthFirst = false;
    if (Number(match[2]) > 12) dayFirst = false;
  }
  return { order: monthFirst && !dayFirst ? 'mdy' : 'dmy', doubtful: dayFirst === monthFirst };
};
