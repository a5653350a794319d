/** Everything on this device in formats that any program reads. Secret keys are in a backup only. */

import { toHex } from '../../protocol/bytes.ts';
import { offsetMsAt, wallClockOf } from '../series/local-day.ts';
import { Quality, type ReadingSeries } from '../series/types.ts';
import { listAnalyses } from './analyses.ts';
import { listCommunities, listContributions } from './communities.ts';
import { listHomes } from './homes.ts';
import { listImports, listRegisters, readSeries } from './readings.ts';
import { listManualReadings } from './manual-readings.ts';
import { listReceipts } from './receipts.ts';
import { readSettings } from './settings.ts';

const qualityNames = new Map<number, string>(Object.entries(Quality).map(([name, value]) => [value, name]));

/** An instant as ISO 8601 local time with its offset, to the second. */
export function isoLocal(ms: number, timeZone: string): string {
  const offsetMinutes = Math.round(offsetMsAt(ms, timeZone) / 60_000);
  const two = (value: number) => String(value).padStart(2, '0');
  const size = Math.abs(offsetMinutes);
  const offset = `${offsetMinutes < 0 ? '-' : '+'}${two(Math.floor(size / 60))}:${two(size % 60)}`;
  return `${new Date(wallClockOf(ms, timeZone)).toISOString().slice(0, 19)}${offset}`;
}

/** Readings as CSV (RFC 4180), one line an interval; the head names the columns and units. */
export function csvOf({ startMs, lengthSeconds, energyWh, quality, unit }: ReadingSeries, timeZone: string): string {
  const lines = [`start,length_seconds,energy_${unit.toLowerCase()},quality`];
  for (let i = 0; i < startMs.length; i++) {
    const kind = qualityNames.get(quality[i] ?? 0) ?? '';
    const energy = kind === 'missing' ? '' : String(energyWh[i] ?? 0);
    lines.push(`${isoLocal(startMs[i] ?? 0, timeZone)},${lengthSeconds[i] ?? 0},${energy},${kind}`);
  }
  return `${lines.join('\r\n')}\r\n`;
}

/** A value with columns as plain arrays and bytes as hex, for JSON. */
function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return toHex(value);
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, plain(part)]));
  return value;
}

const plainSeries = ({ startMs, lengthSeconds, energyWh, quality, ...rest }: ReadingSeries) => ({
  ...rest,
  startMs: Array.from(startMs),
  lengthSeconds: Array.from(lengthSeconds),
  energyWh: Array.from(energyWh),
  quality: Array.from(quality, (value) => qualityNames.get(value) ?? ''),
});

/** All homes, readings, communities, comparisons, receipts and settings as one JSON text. */
export async function exportJson(): Promise<string> {
  const homes = await Promise.all(
    (await listHomes()).map(async (home) => {
      const registers = await listRegisters(home.id);
      const series = await Promise.all(registers.map((register) => readSeries(home.id, register)));
      return {
        ...home,
        imports: await listImports(home.id),
        readings: series.flatMap((one) => (one === undefined ? [] : [plainSeries(one)])),
        readingsByHand: (await listManualReadings(home.id)).readings,
        comparisons: await listAnalyses(home.id),
      };
    }),
  );
  const communities = await Promise.all(
    (await listCommunities()).map(async (community) => ({
      ...community,
      contributions: await listContributions(community.id),
    })),
  );
  const all = {
    exportedMs: Date.now(),
    homes,
    communities,
    receipts: await listReceipts(),
    settings: await readSettings(),
  };
  return JSON.stringify(plain(all));
}
