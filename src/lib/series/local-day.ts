/**
 * Local days and wall-clock times of an IANA time zone, fast enough for hundreds of thousands of readings.
 *
 * Offsets come from `Intl.DateTimeFormat`, which is slow (microseconds a call), so each zone keeps a table of the
 * stretches of constant offset it has met: probes find the weeks of a change of offset, bisection its second.
 *
 * A wall-clock time is a number here: the local calendar fields read as if they were UTC (`Date.UTC(y, m, d, …)`).
 */

const dayMs = 86_400_000;
/** From here on nowhere have clocks been changed and back within four weeks; Brazil's north-east did in October 2000. */
const settledMs = 405 * 28 * dayMs;
const blockMsAt = (ms: number): number => (ms < settledMs ? 7 : 28) * dayMs;
const quarterHour = 900;

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
  /** Offsets where blocks begin. */
  readonly #offsets = new Map<number, number>();
  #last: Stretch = { fromMs: 0, untilMs: 0, offsetMs: 0 };
  /** A day by the wall clock on which, and on whose neighbours, the offset is the same: each of its times is one instant. */
  #steady: Stretch = { fromMs: 0, untilMs: 0, offsetMs: 0 };

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
    const blockMs = blockMsAt(ms);
    const fromMs = Math.floor(ms / blockMs) * blockMs;
    let stretches = this.#stretches.get(fromMs);
    if (stretches === undefined) {
      stretches = this.#probe(fromMs, fromMs + blockMs);
      this.#stretches.set(fromMs, stretches);
    }
    const found = stretches.find((stretch) => ms < stretch.untilMs) ?? stretches.at(-1);
    if (found === undefined) throw new RangeError(`no offset known at ${ms}`);
    this.#last = found;
    return found;
  }

  /** Offset on the wall clock's day, if it does not change from the day before to the day after; else undefined. */
  steadyOffset(wallClockMs: number): number | undefined {
    if (wallClockMs >= this.#steady.fromMs && wallClockMs < this.#steady.untilMs) return this.#steady.offsetMs;
    const fromMs = Math.floor(wallClockMs / dayMs) * dayMs;
    const { offsetMs } = this.stretchAt(fromMs - dayMs);
    for (let days = 0; days <= 2; days++)
      if (this.stretchAt(fromMs + days * dayMs).offsetMs !== offsetMs) return undefined;
    this.#steady = { fromMs, untilMs: fromMs + dayMs, offsetMs };
    return offsetMs;
  }

  /** Stretches that cover a block, assuming at most one change of offset in it. */
  #probe(fromMs: number, untilMs: number): Stretch[] {
    const before = this.#offsetOfBlock(fromMs);
    const after = this.#offsetOfBlock(untilMs);
    if (before === after) return [{ fromMs, untilMs, offsetMs: before }];
    let low = fromMs / 1000;
    let high = untilMs / 1000;
    const narrow = (step: number) => {
      while (high - low > step) {
        const middle = Math.floor((low + high) / 2 / step) * step;
        if (this.#offsetAt(middle * 1000) === before) low = middle;
        else high = middle;
      }
    };
    // Clocks change on a quarter hour; Liberia's in 1972 did not.
    narrow(quarterHour);
    if (this.#offsetAt((high - 1) * 1000) !== before) narrow(1);
    return [
      { fromMs, untilMs: high * 1000, offsetMs: before },
      { fromMs: high * 1000, untilMs, offsetMs: after },
    ];
  }

  #offsetOfBlock(fromMs: number): number {
    let offsetMs = this.#offsets.get(fromMs);
    if (offsetMs === undefined) {
      offsetMs = this.#offsetAt(fromMs);
      this.#offsets.set(fromMs, offsetMs);
    }
    return offsetMs;
  }

  #offsetAt(ms: number): number {
    // `10/27/2024 AD, 02:00:00`; `formatToParts` takes three times as long.
    const text = this.#format.format(ms);
    const [month = 0, day = 0, year = 0, hour = 0, minute = 0, second = 0] = (text.match(/\d+/g) ?? []).map(Number);
    const local = Date.UTC(/B/.test(text) ? 1 - year : year, month - 1, day, hour, minute, second);
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

/**
 * Offset in ms on the day of a wall-clock time, if clocks change neither on that day nor on its neighbours: then the time
 * is the one instant `wallClockMs - offset`. Undefined else, where {@link instantOfLocal} has to be asked.
 */
export const steadyOffsetMs = (wallClockMs: number, zone: string): number | undefined =>
  clockOf(zone).steadyOffset(wallClockMs);

/** What a wall-clock time means in a zone; tells the repeated autumn hour and the missing spring hour apart. */
export const instantOfLocal = (wallClockMs: number, zone: string): LocalInstant => {
  const clock = clockOf(zone);
  const steady = clock.steadyOffset(wallClockMs);
  if (steady !== undefined) return { kind: 'once', ms: wallClockMs - steady, laterMs: wallClockMs - steady };
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
