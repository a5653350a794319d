/** The readings worker: reads, merges, cuts into days and stores readings off the page's thread; ten years are many. */

import { expose, transfer } from 'comlink';
import type { ReadingSeries } from '../series/types.ts';
import { VaultError, type VaultErrorCode } from './error.ts';
import { saveManualReadings } from './manual-readings.ts';
import { changeStoredReadings } from './readings-at-rest.ts';
import { borrowReadingsKey } from './readings-key.ts';
import { addImport, previewImport, readHome, setHomeTimeZone, undoImport, type HomeSeries } from './readings.ts';

/** Errors lose their class on the way to the page, so they travel as values. */
export type Answer<T> =
  { readonly value: T } | { readonly failure: { readonly code: VaultErrorCode; readonly message: string } };

/** The same work, its expected failures as values. */
const answering =
  <Parameters extends unknown[], T>(work: (...parameters: Parameters) => Promise<T>) =>
  async (...parameters: Parameters): Promise<Answer<T>> => {
    try {
      return { value: await work(...parameters) };
    } catch (error) {
      if (error instanceof VaultError) return { failure: { code: error.code, message: error.message } };
      throw error;
    }
  };

/** The same readings in memory that the page can pass on to another worker without copying it. */
const shared = (series: ReadingSeries): ReadingSeries => {
  const room = (bytes: number) => new SharedArrayBuffer(bytes);
  const { startMs, lengthSeconds, energyWh, quality } = series;
  const columns = {
    startMs: new Float64Array(room(startMs.byteLength)),
    lengthSeconds: new Uint32Array(room(lengthSeconds.byteLength)),
    energyWh: new Int32Array(room(energyWh.byteLength)),
    quality: new Uint8Array(room(quality.byteLength)),
  };
  columns.startMs.set(startMs);
  columns.lengthSeconds.set(lengthSeconds);
  columns.energyWh.set(energyWh);
  columns.quality.set(quality);
  return { ...series, ...columns };
};

const api = {
  /** Whom to ask for the key of sealed readings: the page. */
  borrowReadingsKey(ask: () => Promise<Answer<CryptoKey>>): void {
    borrowReadingsKey(async () => {
      const answer = await ask();
      if ('failure' in answer) throw new VaultError('locked', answer.failure.message);
      return answer.value;
    });
  },
  changeStoredReadings: answering(changeStoredReadings),
  /** Ten years are 6 MB: shared with the page where the browser lets them be, else handed over to it. */
  async readHome(homeId: string): Promise<Answer<HomeSeries>> {
    const answer = await answering(readHome)(homeId);
    if ('failure' in answer) return answer;
    if (crossOriginIsolated)
      return { value: Object.fromEntries(Object.values(answer.value).map((one) => [one.register, shared(one)])) };
    const columns = Object.values(answer.value).flatMap(({ startMs, lengthSeconds, energyWh, quality }) => [
      startMs.buffer,
      lengthSeconds.buffer,
      energyWh.buffer,
      quality.buffer,
    ]);
    return transfer(answer, columns);
  },
  addImport: answering(addImport),
  /** What an import would do, without the readings it would lead to. */
  previewImport: answering(async (...parameters: Parameters<typeof previewImport>) =>
    (await previewImport(...parameters)).map(
      ({ series: { register, unit }, added, agreed, replaced, conflicts, differences, findings }) => ({
        register,
        unit,
        added,
        agreed,
        replaced,
        conflicts,
        differences,
        findings,
      }),
    ),
  ),
  undoImport: answering(undoImport),
  setHomeTimeZone: answering(setHomeTimeZone),
  saveManualReadings: answering(saveManualReadings),
};

export type ReadingsWorker = typeof api;

expose(api);
