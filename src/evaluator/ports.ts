/**
 * The two kinds of workers behind the pool's one interface. Hosts are passed in and described by what is used of them,
 * so that this file needs neither the DOM nor Node:
 *
 * - browser: `spawn: () => webWorkerPort(new Worker(url, { type: 'module' }))`, and `serveEvaluator(scopePort(self))`;
 * - Node: `spawn: () => threadPort(new Worker(url))`, and `serveEvaluator(parentThreadPort(parentPort))`.
 */
import type { FromWorker, PoolPort, ToWorker, WorkerPort } from './pool-messages.ts';

/** What is used of the DOM's `Worker`. */
export interface WebWorker {
  postMessage(message: ToWorker): void;
  addEventListener(type: 'message', listener: (event: { readonly data: FromWorker }) => void): void;
  addEventListener(type: 'error', listener: (event: { readonly message?: string }) => void): void;
  addEventListener(type: 'messageerror', listener: () => void): void;
  terminate(): void;
}

/** What is used of a `DedicatedWorkerGlobalScope`. */
export interface WorkerScope {
  postMessage(message: FromWorker): void;
  addEventListener(type: 'message', listener: (event: { readonly data: ToWorker }) => void): void;
}

/** What is used of `Worker` of `node:worker_threads`. */
export interface Thread {
  postMessage(message: ToWorker): void;
  on(type: 'message', listener: (message: FromWorker) => void): unknown;
  on(type: 'error' | 'messageerror', listener: (error: Error) => void): unknown;
  on(type: 'exit', listener: (code: number) => void): unknown;
  terminate(): unknown;
}

/** What is used of `parentPort` of `node:worker_threads`. */
export interface ParentThread {
  postMessage(message: FromWorker): void;
  on(type: 'message', listener: (message: ToWorker) => void): unknown;
}

/** A Web Worker for a pool. */
export const webWorkerPort = (worker: WebWorker): WorkerPort => ({
  post: (message) => worker.postMessage(message),
  onMessage: (handler) => worker.addEventListener('message', ({ data }) => handler(data)),
  onFailure: (handler) => {
    worker.addEventListener('error', ({ message }) => handler(new Error(message ?? 'it could not be started')));
    worker.addEventListener('messageerror', () => handler(new Error('a message could not be read')));
  },
  terminate: () => worker.terminate(),
});

/** The pool as a Web Worker sees it; to be given `self`. */
export const scopePort = (scope: WorkerScope): PoolPort => ({
  post: (message) => scope.postMessage(message),
  onMessage: (handler) => scope.addEventListener('message', ({ data }) => handler(data)),
});

/** A Node worker thread for a pool. */
export const threadPort = (thread: Thread): WorkerPort => ({
  post: (message) => thread.postMessage(message),
  onMessage: (handler) => thread.on('message', handler),
  onFailure: (handler) => {
    thread.on('error', handler);
    thread.on('messageerror', handler);
    thread.on('exit', (code) => handler(new Error(`it ended with code ${code}`)));
  },
  terminate: () => thread.terminate(),
});

/** The pool as a Node worker thread sees it; to be given `parentPort`. */
export const parentThreadPort = (parent: ParentThread): PoolPort => ({
  post: (message) => parent.postMessage(message),
  onMessage: (handler) => parent.on('message', handler),
});
