/**
 * Real homes from a wide CSV file (a column of times, then one column a home), as contribution vectors of one month.
 * Known by the name of the first column:
 * - `datetime`: `D-M-YYYY HH:MM` Dutch local time, Wh per quarter of an hour (Liander, Zonnedael 2013)
 * - `reading_datetime_utc`: ISO time, kWh per half hour, blank where missing (Smart Grid Smart City, New South Wales)
 * - `month`: rows are the hours of 2018 in US Central standard time, kWh (NREL ResStock, Travis County), after four
 *   columns of calendar
 */
import { instantOfLocal } from '../lib/series/local-day.ts';
import { Quality, type ReadingSeries } from '../lib/series/types.ts';
import { monthFeatures } from '../lib/usage/features.ts';
import { completeMonths } from '../lib/usage/month.ts';
import { encodeVector } from '../protocol/features.ts';

interface Layout {
  readonly timeZone: string;
  readonly stepSeconds: number;
  readonly whPerUnit: number;
  /** Columns before those of the homes. */
  readonly before: number;
  /** Start of a row's interval in ms; undefined for a wall-clock time that did not exist. */
  readonly startMs: (cell: string, row: number) => number | undefined;
  /** Whether its homes' seasons are those of the south. */
  readonly southern?: boolean;
}

const dutchTime = (cell: string): number | undefined => {
  const [day, month, year, hour, minute] = cell.split(/[- :]/).map(Number);
  const wallClockMs = Date.UTC(year ?? NaN, (month ?? NaN) - 1, day, hour, minute);
  const instant = instantOfLocal(wallClockMs, 'Europe/Amsterdam');
  return instant.kind === 'never' ? undefined : instant.ms;
};

const layouts: Readonly<Record<string, Layout>> = {
  datetime: { timeZone: 'Europe/Amsterdam', stepSeconds: 900, whPerUnit: 1, before: 1, startMs: dutchTime },
  reading_datetime_utc: {
    // The source's stamps are Sydney wall clock that was labelled UTC on the way.
    timeZone: 'UTC',
    stepSeconds: 1800,
    whPerUnit: 1000,
    before: 1,
    startMs: (cell) => Date.parse(cell),
    southern: true,
  },
  month: {
    timeZone: 'America/Chicago',
    stepSeconds: 3600,
    whPerUnit: 1000,
    before: 4,
    startMs: (_cell, row) => Date.UTC(2018, 0, 1, 6 + row),
  },
};

export interface ReplayedHomes {
  readonly month: string;
  /** One per home with a complete month, in the file's order. */
  readonly vectors: readonly (readonly number[])[];
}

export interface RecordedHomes {
  readonly timeZone: string;
  readonly southern: boolean;
  /** Import of each home, in the file's order. */
  readonly homes: readonly ReadingSeries[];
}

/**
 * Reads all homes of a file.
 *
 * @throws {RangeError} if the file is none of the layouts
 */
export function readHomes(csv: string): RecordedHomes {
  const [head = '', ...lines] = csv.trim().split(/\r?\n/);
  const names = head.replace(/^\uFEFF/, '').split(',');
  const layout = layouts[names[0] ?? ''];
  if (layout === undefined) {
    throw new RangeError(
      `The file's first column must be one of ${Object.keys(layouts).join(', ')}, not "${names[0] ?? ''}"`,
    );
  }
  const { timeZone, southern = false } = layout;
  const rows = lines.map((line) => line.split(','));
  const homes = names.slice(layout.before).map((_, home) => seriesOf(rows, layout.before + home, layout));
  return { timeZone, southern, homes };
}

/**
 * One month of all homes of a file.
 *
 * @param month - which month; by default the first of those that most homes have complete
 * @throws {RangeError} if the file is none of the layouts, or no home has the month
 */
export function replayHomes(csv: string, month?: string): ReplayedHomes {
  const { timeZone, homes } = readHomes(csv);
  const complete = homes.map((series) =>
    completeMonths(series, timeZone, Date.UTC(2100, 0)).flatMap((state) => (state.obstacle ? [] : [state.month])),
  );
  const chosen = month ?? mostCommon(complete.flat());
  const vectors = homes.flatMap((series, home) => {
    if (chosen === undefined || complete[home]?.includes(chosen) !== true) return [];
    const { values, profiles } = monthFeatures(series, chosen, timeZone);
    return [encodeVector(values, profiles)];
  });
  if (chosen === undefined || vectors.length === 0)
    throw new RangeError(`No home of the file has a complete ${month ?? 'month'}`);
  return { month: chosen, vectors };
}

/** The months' first that none is more frequent than. */
function mostCommon(months: readonly string[]): string | undefined {
  const counts = new Map<string, number>();
  for (const month of [...months].sort()) counts.set(month, (counts.get(month) ?? 0) + 1);
  const most = Math.max(...counts.values());
  return [...counts].find(([, count]) => count === most)?.[0];
}

function seriesOf(rows: readonly (readonly string[])[], column: number, layout: Layout): ReadingSeries {
  const readings = rows.flatMap((cells, row) => {
    const cell = cells[column] ?? '';
    const startMs = layout.startMs(cells[0] ?? '', row);
    return cell === '' || startMs === undefined ? [] : [{ startMs, energyWh: Number(cell) * layout.whPerUnit }];
  });
  const bad = readings.find(({ startMs, energyWh }) => !Number.isFinite(startMs) || !(energyWh >= 0));
  if (bad !== undefined) throw new RangeError('The file holds a time or value that is none');
  return {
    register: 'import',
    unit: 'Wh',
    startMs: Float64Array.from(readings, ({ startMs }) => startMs),
    lengthSeconds: new Uint32Array(readings.length).fill(layout.stepSeconds),
    energyWh: Int32Array.from(readings, ({ energyWh }) => Math.round(energyWh)),
    quality: new Uint8Array(readings.length).fill(Quality.measured),
  };
}
