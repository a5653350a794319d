import { readFile } from 'node:fs/promises';
import { gunzipSync } from 'node:zlib';
import { mostHomes } from '../protocol/fields.ts';
import { simulatedVector } from './home-month.ts';
import { replayHomes, type ReplayedHomes } from './replay.ts';

/**
 * Vectors of so many homes and their month: simulated ones, or the real homes of a file (.csv or .csv.gz).
 *
 * @throws {RangeError} for more homes than there are
 */
export async function homeVectors(homes: number, seed: number, file: string | undefined): Promise<ReplayedHomes> {
  if (file === undefined) {
    if (homes > mostHomes) throw new RangeError(`--homes must be at most ${mostHomes}, not ${homes}`);
    const [month, timeZone] = ['2025-01', 'Europe/Amsterdam'];
    const vectors = Array.from({ length: homes }, (_, index) => simulatedVector({ seed, index, timeZone, month }));
    return { month, vectors };
  }
  const bytes = await readFile(file);
  const { month, vectors } = replayHomes((file.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8'));
  if (homes > vectors.length) {
    throw new RangeError(`--homes must be at most ${vectors.length}: so many homes of the file have ${month} complete`);
  }
  return { month, vectors: vectors.slice(0, homes) };
}
