/**
 * The page's side of the readings worker: what reads or changes many readings at once runs there, so that the page is
 * never blocked. The functions are those of `readings.ts`, and fail as they do. The worker is ended when it has been idle.
 */

import { proxy, wrap, type Endpoint, type Remote } from 'comlink';
import type { ReadingSeries } from '../series/types.ts';
import type { MergeResult } from '../series/merge.ts';
import { VaultError } from './error.ts';
import type { OnChanged } from './readings-at-rest.ts';
import { askForReadingsKey } from './readings-key.ts';
import type { FileToImport, HomeSeries } from './readings.ts';
import type { Answer, ReadingsWorker } from './readings-worker.ts';
import type { HomesManualReadings, Import } from './schema.ts';

/** What an import would do to one register. */
export type ImportPreview = Omit<MergeResult, 'series'> & Pick<ReadingSeries, 'register' | 'unit'>;

/** What is needed of a worker. */
export interface WorkerHandle extends Endpoint {
  terminate(): void;
}

const newWorker = (): WorkerHandle =>
  new Worker(new URL('./readings-worker.ts', import.meta.url), { type: 'module', name: 'readings' });

interface Running {
  readonly worker: WorkerHandle;
  readonly api: Remote<ReadingsWorker>;
  /** Rejects when the worker fails as a whole. */
  readonly failed: Promise<never>;
}

const idleMs = 30_000;

export class ReadingsClient {
  readonly #startWorker: () => WorkerHandle;
  #running: Running | undefined;
  #jobs = 0;
  #idle: ReturnType<typeof setTimeout> | undefined;

  constructor(startWorker = newWorker) {
    this.#startWorker = startWorker;
  }

  /** See `readHome` in `readings.ts`. */
  readHome(homeId: string): Promise<HomeSeries> {
    return this.#run((api) => api.readHome(homeId));
  }

  /** See `addImport` in `readings.ts`. */
  addImport(homeId: string, file: FileToImport): Promise<Import> {
    return this.#run((api) => api.addImport(homeId, file));
  }

  /** What an import would do, register by register, without doing it. */
  previewImport(homeId: string, series: readonly ReadingSeries[]): Promise<ImportPreview[]> {
    return this.#run((api) => api.previewImport(homeId, series));
  }

  /** See `undoImport` in `readings.ts`. */
  undoImport(importId: string): Promise<void> {
    return this.#run((api) => api.undoImport(importId));
  }

  /** See `setHomeTimeZone` in `readings.ts`. */
  setHomeTimeZone(homeId: string, timeZone: string): Promise<void> {
    return this.#run((api) => api.setHomeTimeZone(homeId, timeZone));
  }

  /** See `saveManualReadings` in `manual-readings.ts`. */
  saveManualReadings(manual: HomesManualReadings, file: FileToImport | undefined): Promise<void> {
    return this.#run((api) => api.saveManualReadings(manual, file));
  }

  /** See `changeStoredReadings` in `readings-at-rest.ts`. */
  changeStoredReadings(onchanged: OnChanged): Promise<void> {
    return this.#run((api) => api.changeStoredReadings(proxy(onchanged)));
  }

  /** Ends the worker. What it has not finished is undone by the database. */
  stop(): void {
    clearTimeout(this.#idle);
    this.#running?.worker.terminate();
    this.#running = undefined;
  }

  async #run<T>(job: (api: Remote<ReadingsWorker>) => Promise<Answer<T>>): Promise<T> {
    clearTimeout(this.#idle);
    this.#jobs++;
    try {
      const { api, failed } = (this.#running ??= this.#started());
      const answer = await Promise.race([job(api), failed]);
      if ('failure' in answer) throw new VaultError(answer.failure.code, answer.failure.message);
      return answer.value;
    } finally {
      this.#jobs--;
      if (this.#jobs === 0) this.#idle = setTimeout(() => this.stop(), idleMs);
    }
  }

  #started(): Running {
    const worker = this.#startWorker();
    const failed = new Promise<never>((_, reject) => {
      worker.addEventListener('error', (event) => {
        event.preventDefault();
        this.stop();
        reject(
          new VaultError(
            'unavailable',
            'Reading or storing the readings failed, perhaps for lack of memory. Nothing was changed. Close other apps and try again.',
          ),
        );
      });
    });
    // Nobody may be waiting when it fails.
    failed.catch(() => undefined);
    const api = wrap<ReadingsWorker>(worker);
    void api.borrowReadingsKey(proxy(lend));
    return { worker, api, failed };
  }
}

/** The worker has no way to the key but through the page. */
const lend = async (): Promise<Answer<CryptoKey>> => {
  try {
    return { value: await askForReadingsKey() };
  } catch (error) {
    return { failure: { code: 'locked', message: error instanceof Error ? error.message : '' } };
  }
};

/** The one of the page. */
export const readings = new ReadingsClient();
