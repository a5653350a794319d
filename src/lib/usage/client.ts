/**
 * The page's side of the analysis worker: one worker for the page's life, started when first asked. Of several requests
 * at once only the newest is worked out; those it overtook get `undefined`.
 */
import { wrap, type Endpoint, type Remote } from 'comlink';
import type { AnalysisInput, HomeAnalysis } from './analysis.ts';
import type { AnalysisWorker } from './worker.ts';

export type WorkerHandle = Endpoint & {
  addEventListener(type: 'error', listener: (event: ErrorEvent) => void): void;
  terminate(): void;
};

const newWorker = (): WorkerHandle => new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' });

/** The analysis did not finish; the message is for the user. */
export class AnalysisError extends Error {
  override readonly name = 'AnalysisError';
}

export class AnalysisClient {
  readonly #startWorker: () => WorkerHandle;
  #worker: WorkerHandle | undefined;
  #remote: Remote<AnalysisWorker> | undefined;
  #failed: Promise<never> | undefined;
  #running: Promise<unknown> = Promise.resolve();
  #newest = 0;

  constructor(startWorker = newWorker) {
    this.#startWorker = startWorker;
  }

  /**
   * All figures of a home; undefined when a later request overtook this one.
   * @throws AnalysisError with words for the user when the worker fails; the next request starts another
   */
  analyse(input: AnalysisInput): Promise<HomeAnalysis | undefined> {
    this.#newest += 1;
    const number = this.#newest;
    const run = async (): Promise<HomeAnalysis | undefined> => {
      if (number !== this.#newest) return undefined;
      const { remote, failed } = this.#started();
      try {
        const result = await Promise.race([remote.analyse(input), failed]);
        return number === this.#newest ? result : undefined;
      } catch (error) {
        this.stop();
        throw new AnalysisError(
          'Working out the figures failed, perhaps for lack of memory. Close other apps and try again.',
          {
            cause: error,
          },
        );
      }
    };
    const result = this.#running.then(run, run);
    this.#running = result.catch(() => undefined);
    return result;
  }

  /** Ends the worker and gives its memory back. */
  stop(): void {
    this.#worker?.terminate();
    this.#worker = undefined;
    this.#remote = undefined;
    this.#failed = undefined;
  }

  #started(): { remote: Remote<AnalysisWorker>; failed: Promise<never> } {
    const worker = (this.#worker ??= this.#startWorker());
    const remote = (this.#remote ??= wrap<AnalysisWorker>(worker));
    const failed = (this.#failed ??= new Promise<never>((_, reject) => {
      worker.addEventListener('error', (event) => {
        event.preventDefault();
        reject(new Error(event.message));
      });
    }));
    return { remote, failed };
  }
}
