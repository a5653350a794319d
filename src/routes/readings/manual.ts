/** Meter readings taken by hand: kept as they were entered, and made an import of what was used between them. */
import type { CounterReading } from '$lib/meter/counter-reading.ts';
import { seriesOfManualReadings, type ManualReading } from '$lib/meter/manual.ts';
import { listManualReadings, manualFormat } from '$lib/vault/manual-readings.ts';
import { readings as storedReadings } from '$lib/vault/readings-client.ts';
import type { Home } from '$lib/vault/schema.ts';

export const manualName = 'Readings by hand';

/** Adds readings to a home's, or changes them, and makes what follows from them anew. */
export async function changeManualReadings(
  { id, timeZone }: Home,
  change: (readings: readonly ManualReading[]) => readonly ManualReading[],
  digits?: number | null,
): Promise<void> {
  const before = await listManualReadings(id);
  const counterDigits = digits === undefined ? before.counterDigits : digits;
  const readings = change(before.readings).toSorted((a, b) => a.atMs - b.atMs);
  const { series, findings } = seriesOfManualReadings(readings, timeZone, counterDigits ?? undefined);
  await storedReadings.saveManualReadings(
    { homeId: id, counterDigits, readings: [...readings] },
    series.length === 0 ? undefined : { fileName: manualName, format: manualFormat, series, findings },
  );
}

/** What a file's counters are as readings by hand: tariffs of one counter are added up, as each is a part of it. */
export function readingsOfCounters(counters: readonly CounterReading[], nowMs: number): ManualReading[] {
  const sums = new Map<string, ManualReading>();
  for (const { register, label, atMs = nowMs, value } of counters) {
    const key = `${register} ${label ?? ''} ${atMs}`;
    const before = sums.get(key);
    sums.set(key, {
      register,
      atMs,
      value: (before?.value ?? 0) + value,
      ...(label !== undefined && { meter: label.slice(0, 60) }),
    });
  }
  return [...sums.values()];
}
