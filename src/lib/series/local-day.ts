/**
 * Local days and wall-clock times of an IANA time zone, fast enough for hundreds of thousands of readings.
 *
 * Offsets come from `Intl.DateTimeFormat`, which is slow (microseconds a call), so each zone keeps a table of the
 * stretches of constant offset it has met: one probe a week finds a change of offset, bisection finds its second.
 *
 * A wall-clock time is a number here: the local calendar fields read as if they were UTC (`Date.UTC(y, m, d, …)`).
 */

const dayMs = 86_400_000;
const probeMs = 7 * dayMs;

/** A stretch of constant offset: local wall clock = instant + offset for instants in [fromMs, untilMs). */
interface Stretch {
  readonly fromMs: number;
  readonly untilMs: number;
  readonly offsetMs: number;
}

/** What a wall-clock time means in a zone: one instant, two (autumn), or none (spring; then the first valid after). */
export interface LocalInstant {
  readonly kind: 'once' | 'twice' | 'never';
  /** The instant; the earlier of two; for `never` the time moved on by the length of the gap, as clocks do. */
  readonly ms: number;
  /** The later of two instants; equal to {@link ms} otherwise. */
  readonly laterMs: number;
}

class ZoneClock {
  readonly #format: Intl.DateTimeFormat;
  readonly #stretches = new Map<number, Stretch[]>();
  #last: Stretch = { fromMs: 0, untilMs: 0, offsetMs: 0 };

  constructor(timeZone: string) {
    this.#format = new Intl.DateTimeFormat('en-US', {
      timeZone,
      calendar: 'gregory',
      numberingSystem: 'latn',
      hourCycle: 'h23',
      era: 'short',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
  }

  /** The stretch that holds an instant. */
  stretchAt(ms: number): Stretch {
    if (ms >= this.#last.fromMs && ms < this.#last.untilMs) return this.#last;
    const block = Math.floor(ms / probeMs);
    let stretches = this.#stretches.get(block);
    if (stretches === undefined) {
      stretches = this.#probe(block * probeMs, (block + 1) * probeMs);
      this.#stretches.set(block, stretches);
    }
    const found = stretches.find((stretch) => ms < stretch.untilMs) ?? stretches.at(-1);
    if (found === undefined) throw new RangeError(`no offset known at ${ms}`);
    this.#last = found;
    return found;
  }

  /** Stretches that cover [fromMs, untilMs), assuming at most one change of offset a week. */
  #probe(fromMs: number, untilMs: number): Stretch[] {
    const before = this.#offsetAt(fromMs);
    const after = this.#offsetAt(untilMs);
    if (before === after) return [{ fromMs, untilMs, offsetMs: before }];
    let low = fromMs / 1000;
    let high = untilMs / 1000;
    while (high - low > 1) {
      const middle = Math.floor((low + high) / 2);
      if (this.#offsetAt(middle * 1000) === before) low = middle;
      else high = middle;
    }
    return [
      { fromMs, untilMs: high * 1000, offsetMs: before },
      { fromMs: high * 1000, untilMs, offsetMs: after },
    ];
  }

  #offsetAt(ms: number): number {
    const field: Partial<Record<Intl.DateTimeFormatPartTypes, string>> = {};
    for (const part of this.#format.formatToParts(ms)) field[part.type] = part.value;
    const year = field.era === 'BC' ? 1 - Number(field.year) : Number(field.year);
    const local = Date.UTC(
      year,
      Number(field.month) - 1,
      Number(field.day),
      Number(field.hour),
      Number(field.minute),
      Number(field.second),
    );
    return local - Math.floor(ms / 1000) * 1000;
  }
}

const clocks = new Map<string, ZoneClock>();

/** @throws RangeError when `zone` is no IANA time zone this host knows. */
const clockOf = (zone: string): ZoneClock => {
  let clock = clocks.get(zone);
  if (clock === undefined) {
    clock = new ZoneClock(zone);
    clocks.set(zone, clock);
  }
  return clock;
};

/** Whether this host knows an IANA time zone name. */
export const isTimeZone = (zone: string): boolean => {
  try {
    clockOf(zone);
    return true;
  } catch {
    return false;
  }
};

/** Offset of a zone's wall clock from UTC at an instant, in ms (east positive). */
export const offsetMsAt = (ms: number, zone: string): number => clockOf(zone).stretchAt(ms).offsetMs;

/** Wall-clock time of an instant, as a number (see the file's head). */
export const wallClockOf = (ms: number, zone: string): number => ms + offsetMsAt(ms, zone);

/** Number of a local day: days from 1970-01-01 to it in the zone's calendar. */
export const localDayNumberOf = (ms: number, zone: string): number => Math.floor(wallClockOf(ms, zone) / dayMs);

/** `YYYY-MM-DD` of a day number. */
export const dayOfNumber = (number: number): string => new Date(number * dayMs).toISOString().slice(0, 10);

/** Day number of `YYYY-MM-DD`. @throws RangeError when it is no such date. */
export const numberOfDay = (day: string): number => {
  const ms = /^\d{4}-\d\d-\d\d$/.test(day) ? Date.parse(`${day}T00:00:00Z`) : Number.NaN;
  if (Number.isNaN(ms) || new Date(ms).toISOString().slice(0, 10) !== day)
    throw new RangeError(`day ${day}: not a date`);
  return ms / dayMs;
};

/** Local day `YYYY-MM-DD` on which an instant falls. */
export const localDayOf = (ms: number, zone: string): string => dayOfNumber(localDayNumberOf(ms, zone));

/** What a wall-clock time means in a zone; tells the repeated autumn hour and the missing spring hour apart. */
export const instantOfLocal = (wallClockMs: number, zone: string): LocalInstant => {
  const clock = clockOf(zone);
  // No zone is further than 15 h from UTC, so the offsets that can apply are those half a day and more around it.
  const before = clock.stretchAt(wallClockMs - dayMs).offsetMs;
  const after = clock.stretchAt(wallClockMs + dayMs).offsetMs;
  const early = wallClockMs - before;
  if (before === after && clock.stretchAt(early).offsetMs === before)
    return { kind: 'once', ms: early, laterMs: early };
  const late = wallClockMs - after;
  const earlyHolds = clock.stretchAt(early).offsetMs === before;
  const lateHolds = clock.stretchAt(late).offsetMs === after;
  if (earlyHolds && lateHolds) return { kind: 'twice', ms: Math.min(early, late), laterMs: Math.max(early, late) };
  if (earlyHolds) return { kind: 'once', ms: early, laterMs: early };
  if (lateHolds) return { kind: 'once', ms: late, laterMs: late };
  return { kind: 'never', ms: early, laterMs: early };
};

/**
 * Instant of a wall-clock time. `occurrence` picks one of two in the repeated autumn hour; in the missing spring hour
 * the clock is moved on (02:30 means 03:30), as `Temporal`'s "compatible" does.
 */
export const localToUtc = (wallClockMs: number, zone: string, occurrence: 'first' | 'second' = 'first'): number => {
  const instant = instantOfLocal(wallClockMs, zone);
  return occurrence === 'first' ? instant.ms : instant.laterMs;
};

/** First instant of a local day by number; where the zone skips midnight, the first instant after the gap. */
export const startOfDayNumber = (number: number, zone: string): number => {
  const instant = instantOfLocal(number * dayMs, zone);
  return instant.kind === 'never' ? clockOf(zone).stretchAt(instant.ms).fromMs : instant.ms;
};

/** Bounds of a local day: [startMs, endMs), 23, 24 or 25 hours apart where clocks change. */
export const localDayBounds = (day: string, zone: string): { readonly startMs: number; readonly endMs: number } => {
  const number = numberOfDay(day);
  return { startMs: startOfDayNumber(number, zone), endMs: startOfDayNumber(number + 1, zone) };
};
