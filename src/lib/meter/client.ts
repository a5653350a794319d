/**
 * The page's side of the meter worker. Each import has a worker of its own that ends with it: cancelling is ending it,
 * a crash harms nothing else, and its memory is given back. Imports wait for each other.
 */

import { proxy, wrap, type Endpoint, type Remote } from 'comlink';
import { workerName } from '../../locales/locale.ts';
import type { ColumnGuess } from './columns.ts';
import { MeterFileError } from './errors.ts';
import type { MeterFile } from './meter-file.ts';
import type { Answer, MeterWorker, WorkerOptions } from './worker.ts';

export interface ImportOptions extends WorkerOptions {
  /** Called with the share of the file that is read, 0 to 1, at most a hundred times. */
  readonly onProgress?: (share: number) => void;
  readonly signal?: AbortSignal;
}

/** What is needed of a worker. */
export interface WorkerHandle extends Endpoint {
  terminate(): void;
}

const newWorker = (): WorkerHandle =>
  new Worker(new URL('./worker.ts', import.meta.url), { type: 'module', name: workerName('meter') });

let last: Promise<unknown> = Promise.resolve();

/** Runs `task` after those before it, with a worker that ends with it. */
const inTurn = <T>(
  task: (worker: Remote<MeterWorker>) => Promise<Answer<T>>,
  signal: AbortSignal | undefined,
  startWorker: () => WorkerHandle,
): Promise<T> => {
  const run = async (): Promise<T> => {
    const cancelled = () => new MeterFileError('cancelled', 'The import was cancelled.');
    if (signal?.aborted === true) throw cancelled();
    const worker = startWorker();
    let stop = () => {};
    const stopped = new Promise<never>((_, reject) => {
      stop = () => reject(cancelled());
      signal?.addEventListener('abort', stop);
      worker.addEventListener('error', (event) => {
        event.preventDefault();
        reject(
          new MeterFileError(
            'damaged',
            'Reading the file failed, perhaps for lack of memory. Close other apps, or choose a file with a shorter period.',
          ),
        );
      });
    });
    try {
      const answer = await Promise.race([task(wrap<MeterWorker>(worker)), stopped]);
      if ('refused' in answer) throw new MeterFileError(answer.refused.code, answer.refused.message);
      return answer.value;
    } finally {
      signal?.removeEventListener('abort', stop);
      worker.terminate();
    }
  };
  const result = last.then(run, run);
  last = result.catch(() => undefined);
  return result;
};

/**
 * Reads a meter file chosen, dropped, pasted or shared by the user, off the page's thread. Nothing is stored.
 * @throws MeterFileError with words for the user; code `cancelled` when `signal` was aborted
 */
export const importMeterFile = (file: Blob, options: ImportOptions, startWorker = newWorker): Promise<MeterFile> => {
  const { onProgress, signal, ...rest } = options;
  return inTurn(
    (worker) => worker.read(file, rest, onProgress === undefined ? undefined : proxy(onProgress)),
    signal,
    startWorker,
  );
};

/** What the columns of a table may mean, to be asked for after `unknown-table`; undefined when it has no dates or no numbers. */
export const guessTable = (
  file: Blob,
  signal?: AbortSignal,
  startWorker = newWorker,
): Promise<ColumnGuess | undefined> => inTurn((worker) => worker.guess(file), signal, startWorker);
