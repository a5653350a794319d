/** The worker's side of a pool: answers requests one at a time, in the order in which they come. */
import { EvaluatorError } from './errors.ts';
import { type Evaluator, openEvaluator } from './evaluator.ts';
import { expandServerKey } from './key-expansion.ts';
import type { PoolPort, Request, Result } from './pool-messages.ts';

/** Serves a pool until the worker is terminated. To be called once, at the worker's start. */
export function serveEvaluator(port: PoolPort): void {
  let module: WebAssembly.Module | undefined;
  const evaluators = new Map<string, Promise<Evaluator>>();
  const cancels = new Map<number, AbortController>();
  let awaited: { resolve: (bytes: Uint8Array) => void; reject: (error: Error) => void } | undefined;

  async function answer(id: number, request: Request, signal: AbortSignal): Promise<Result> {
    if (module === undefined) throw new Error('The worker was not started.');
    if (request.type === 'expand') {
      const read = (offset: number, length: number) =>
        new Promise<Uint8Array>((resolve, reject) => {
          awaited = { resolve, reject };
          port.post({ type: 'read', id, offset, length });
        });
      const memory = await expandServerKey(
        module,
        { size: request.size, read },
        {
          accept: request.accept,
          instances: request.instances,
          maxBytes: request.maxBytes,
          signal,
          onProgress: (done) => port.post({ type: 'progress', id, done }),
        },
      );
      evaluators.set(request.key, openEvaluator(module, memory, request.slot));
      return { ciphertexts: [], memory };
    }
    const evaluator = await evaluators.get(request.key);
    if (evaluator === undefined) throw new Error('The worker does not have that key.');
    if (request.type === 'decompress') return { ciphertexts: [evaluator.decompress(request.compressed)] };
    return { ciphertexts: evaluator.bootstrapAll(request.jobs) };
  }

  function finish(id: number, result: Result): void {
    try {
      port.post({ type: 'done', id, result });
    } catch {
      // A shared memory cannot be posted where the page is not cross-origin isolated: this worker keeps the key.
      port.post({ type: 'done', id, result: { ciphertexts: result.ciphertexts } });
    }
  }

  async function handle(id: number, request: Request): Promise<void> {
    const cancel = new AbortController();
    cancels.set(id, cancel);
    try {
      finish(id, await answer(id, request, cancel.signal));
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      port.post({ type: 'failed', id, message, ...(error instanceof EvaluatorError ? { code: error.code } : {}) });
    } finally {
      cancels.delete(id);
    }
  }

  port.onMessage((message) => {
    switch (message.type) {
      case 'start':
        module = message.module;
        break;
      case 'open':
        if (module !== undefined) evaluators.set(message.key, openEvaluator(module, message.memory, message.slot));
        break;
      case 'close':
        evaluators.delete(message.key);
        break;
      case 'request':
        void handle(message.id, message.request);
        break;
      case 'cancel':
        cancels.get(message.id)?.abort();
        awaited?.reject(new Error('The request was cancelled.'));
        break;
      case 'bytes':
        awaited?.resolve(message.bytes);
        break;
      case 'unreadable':
        awaited?.reject(new Error(message.message));
        break;
    }
  });
}
