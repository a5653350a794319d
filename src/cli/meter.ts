/**
 * `npm run -s meter -- [--zone ZONE] FILE...`: one line of JSON a file with what it holds. Files that cannot be read
 * are told on stderr; the others are still done, and the exit code is 1.
 */

import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { parseArgs } from 'node:util';
import { MeterFileError } from '../lib/meter/errors.ts';
import { readMeterFile } from '../lib/meter/read-meter-file.ts';
import { isTimeZone, offsetMsAt } from '../lib/series/local-day.ts';
import { summarize } from '../lib/series/summary.ts';
import type { ReadingSeries } from '../lib/series/types.ts';

const usage = `usage: npm run -s meter -- [--zone ZONE] [--format ID] FILE...
  --zone ZONE  IANA time zone of the home, for files whose times have no offset (default: what the format implies)
  --format ID  read as this format (docs/formats.md) instead of the most likely one`;

/** ISO 8601 with the zone's offset. */
const isoIn = (ms: number | undefined, zone: string): string | null => {
  if (ms === undefined) return null;
  const offsetMs = offsetMsAt(ms, zone);
  const minutes = Math.abs(offsetMs) / 60_000;
  const two = (value: number) => String(Math.floor(value)).padStart(2, '0');
  const offset = `${offsetMs < 0 ? '-' : '+'}${two(minutes / 60)}:${two(minutes % 60)}`;
  return `${new Date(ms + offsetMs).toISOString().slice(0, 19)}${offset}`;
};

const describe = (series: ReadingSeries, zone: string) => {
  const { readings, missing, estimated, firstMs, lastMs, stepSeconds, total } = summarize(series);
  return {
    register: series.register,
    unit: series.unit === 'Wh' ? 'kWh' : 'm3',
    readings,
    first: isoIn(firstMs, zone),
    last: isoIn(lastMs, zone),
    stepSeconds,
    totalKwh: series.unit === 'Wh' ? total / 1000 : null,
    ...(series.unit === 'dm3' ? { totalM3: total / 1000 } : {}),
    missing,
    estimated,
    ...(series.label === undefined ? {} : { label: series.label }),
  };
};

const argumentsOf = () => {
  try {
    return parseArgs({
      options: { zone: { type: 'string' }, format: { type: 'string' }, help: { type: 'boolean' } },
      allowPositionals: true,
    });
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    return { values: {}, positionals: [] };
  }
};

const run = async (): Promise<number> => {
  const { values, positionals } = argumentsOf();
  if (values.help === true || positionals.length === 0) {
    process.stderr.write(`${usage}\n`);
    return values.help === true ? 0 : 1;
  }
  const { zone, format } = values;
  if (zone !== undefined && !isTimeZone(zone)) {
    process.stderr.write(`--zone ${zone}: no such time zone. Use a name such as Europe/Amsterdam.\n`);
    return 1;
  }
  let exitCode = 0;
  for (const file of positionals) {
    try {
      const { size } = await stat(file);
      const read = await readMeterFile(
        createReadStream(file, { highWaterMark: 1 << 18 }) as AsyncIterable<Uint8Array>,
        {
          name: basename(file),
          size,
          ...(zone === undefined ? {} : { timeZone: zone }),
          ...(format === undefined ? {} : { format }),
        },
      );
      const series = read.series.map((one) => describe(one, read.timeZone));
      process.stdout.write(
        `${JSON.stringify({
          file,
          format: read.format,
          timeZone: read.timeZone,
          series,
          ...(read.counters.length === 0
            ? {}
            : {
                counters: read.counters.map(({ register, unit, tariff, atMs, value }) => ({
                  register,
                  ...(tariff === undefined ? {} : { tariff }),
                  at: isoIn(atMs, read.timeZone),
                  ...(unit === 'Wh' ? { kwh: value / 1000 } : { m3: value / 1000 }),
                })),
              }),
          findings: read.findings,
          ...(read.ties.length === 0 || format !== undefined ? {} : { ties: read.ties.map(({ id }) => id) }),
        })}\n`,
      );
    } catch (error) {
      exitCode = 1;
      const message =
        error instanceof MeterFileError || error instanceof RangeError || isFileError(error)
          ? error.message
          : String(error);
      process.stderr.write(`${file}: ${message}\n`);
    }
  }
  return exitCode;
};

const isFileError = (error: unknown): error is Error => error instanceof Error && 'code' in error;

process.exitCode = await run();
