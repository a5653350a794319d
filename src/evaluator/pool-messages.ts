/** What a pool and its workers say to each other. Both sides are this module's own; nothing else writes to the port. */
import type { Ciphertext, CompressedCiphertext } from './ciphertext.ts';
import type { EvaluatorErrorCode } from './errors.ts';
import type { BootstrapJob } from './evaluator.ts';
import type { KeyMemory } from './machine.ts';
import type { Parameters } from './parameters.ts';

/** A request that the worker answers with `done` or `failed`. */
export type Request =
  | {
      readonly type: 'expand';
      readonly key: string;
      readonly size: number;
      readonly instances: number;
      readonly slot: number;
      readonly maxBytes: number;
      readonly accept: readonly Parameters[];
    }
  | {
      readonly type: 'bootstrap';
      readonly key: string;
      readonly jobs: readonly BootstrapJob[];
    }
  | { readonly type: 'decompress'; readonly key: string; readonly compressed: CompressedCiphertext };

/** What a request gives. `memory` is absent where memories cannot be shared. */
export interface Result {
  readonly ciphertexts: readonly Ciphertext[];
  readonly memory?: KeyMemory;
}

export type ToWorker =
  | { readonly type: 'start'; readonly module: WebAssembly.Module }
  | { readonly type: 'open'; readonly key: string; readonly memory: KeyMemory; readonly slot: number }
  | { readonly type: 'close'; readonly key: string }
  | { readonly type: 'request'; readonly id: number; readonly request: Request }
  | { readonly type: 'cancel'; readonly id: number }
  | { readonly type: 'bytes'; readonly id: number; readonly bytes: Uint8Array }
  | { readonly type: 'unreadable'; readonly id: number; readonly message: string };

export type FromWorker =
  | { readonly type: 'read'; readonly id: number; readonly offset: number; readonly length: number }
  | { readonly type: 'progress'; readonly id: number; readonly done: number }
  | { readonly type: 'done'; readonly id: number; readonly result: Result }
  | { readonly type: 'failed'; readonly id: number; readonly code?: EvaluatorErrorCode; readonly message: string };

/** A worker as the pool sees it: a Web Worker or a Node worker thread behind a few lines of adapter. */
export interface WorkerPort {
  post(message: ToWorker): void;
  onMessage(handler: (message: FromWorker) => void): void;
  /** The worker died, or could not read a message. */
  onFailure(handler: (error: Error) => void): void;
  terminate(): void;
}

/** The pool as a worker sees it. */
export interface PoolPort {
  post(message: FromWorker): void;
  onMessage(handler: (message: ToWorker) => void): void;
}
