/** The meter worker: reads a chosen file off the page's thread. */

import { expose, transfer } from 'comlink';
import { textsReady } from '../../locales/main.loader.ts';
import { MeterFileError, type MeterFileErrorCode } from './errors.ts';
import type { MeterFile } from './meter-file.ts';
import { readMeterFile, readTableGuess, type ReadOptions } from './read-meter-file.ts';
import type { ColumnGuess } from './columns.ts';

/** Errors lose their class on the way to the page, so they travel as values. */
export type Answer<T> =
  { readonly value: T } | { readonly refused: { readonly code: MeterFileErrorCode; readonly message: string } };

export type WorkerOptions = Omit<ReadOptions, 'onProgress' | 'signal' | 'size'>;

/** A file's bytes as they are read; `Blob.stream()` cannot be iterated in Safari. */
async function* bytesOf(file: Blob): AsyncGenerator<Uint8Array> {
  const reader = file.stream().getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    yield value;
  }
}

const answer = async <T>(work: () => Promise<T>): Promise<Answer<T>> => {
  try {
    await textsReady;
    return { value: await work() };
  } catch (error) {
    if (error instanceof MeterFileError) return { refused: { code: error.code, message: error.message } };
    throw error;
  }
};

/** Buffers of a file's series, to be handed over instead of copied. */
const buffersOf = ({ series }: MeterFile): ArrayBufferLike[] =>
  series.flatMap(({ startMs, lengthSeconds, energyWh, quality }) => [
    startMs.buffer,
    lengthSeconds.buffer,
    energyWh.buffer,
    quality.buffer,
  ]);

const api = {
  /** Reads a meter file; see `readMeterFile`. */
  async read(file: Blob, options: WorkerOptions, onProgress?: (share: number) => void): Promise<Answer<MeterFile>> {
    let shown = -1;
    const result = await answer(() =>
      readMeterFile(bytesOf(file), {
        ...options,
        size: file.size,
        onProgress: (share) => {
          const percent = Math.floor(share * 100);
          if (percent === shown) return;
          shown = percent;
          onProgress?.(share);
        },
      }),
    );
    return 'value' in result
      ? transfer(
          result,
          buffersOf(result.value).filter((buffer) => buffer instanceof ArrayBuffer),
        )
      : result;
  },

  /** What the columns of a table of no known format may mean; see `readTableGuess`. */
  guess(file: Blob): Promise<Answer<ColumnGuess | undefined>> {
    return answer(() => readTableGuess(bytesOf(file)));
  },
};

export type MeterWorker = typeof api;

expose(api);
