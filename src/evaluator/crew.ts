/** A fixed number of workers that take requests from one queue, each one request at a time. */
import { EvaluatorError } from './errors.ts';
import type { ByteSource } from './byte-source.ts';
import type { KeyMemory } from './machine.ts';
import type { FromWorker, Request, Result, WorkerPort } from './pool-messages.ts';

export interface RequestOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((done: number) => void) | undefined;
  /** What an `expand` request reads from. */
  readonly source?: ByteSource;
  /** The only member who can do it; by default any. */
  readonly member?: number | undefined;
  /** Memory of the request's key, for members who have not opened it yet. */
  readonly memory?: KeyMemory | undefined;
}

export interface Answer extends Result {
  readonly member: number;
}

interface Job {
  readonly id: number;
  readonly request: Request;
  readonly options: RequestOptions;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: unknown) => void;
}

/** A place in the crew. Its worker is started by its first request, and anew after a failure by the next one. */
interface Member {
  port: WorkerPort | undefined;
  readonly keys: Set<string>;
  job: Job | undefined;
}

export class Crew {
  readonly #module: WebAssembly.Module;
  readonly #spawn: () => WorkerPort;
  readonly #members: readonly Member[];
  readonly #onLoss: (member: number) => void;
  #queue: Job[] = [];
  #nextId = 0;
  #closed = false;

  /** `onLoss` is told when a member died: what only it had is gone. */
  constructor(module: WebAssembly.Module, size: number, spawn: () => WorkerPort, onLoss: (member: number) => void) {
    this.#module = module;
    this.#spawn = spawn;
    this.#onLoss = onLoss;
    this.#members = Array.from({ length: size }, () => ({ port: undefined, keys: new Set<string>(), job: undefined }));
  }

  get size(): number {
    return this.#members.length;
  }

  #start(index: number, member: Member): WorkerPort {
    const port = this.#spawn();
    member.port = port;
    port.onMessage((message) => this.#hear(index, member, message));
    port.onFailure((error) => {
      if (this.#closed || member.port !== port) return;
      port.terminate();
      const { job } = member;
      member.port = undefined;
      member.job = undefined;
      member.keys.clear();
      this.#onLoss(index);
      job?.reject(new Error(`An evaluator worker failed: ${error.message}`));
      this.#dispatch();
    });
    port.post({ type: 'start', module: this.#module });
    return port;
  }

  /** Queues a request. Rejects with the signal's reason as soon as it is aborted. */
  run(request: Request, options: RequestOptions = {}): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const { signal } = options;
      if (this.#closed) throw new Error('The evaluator pool is closed.');
      signal?.throwIfAborted();
      const abort = () => {
        this.#queue = this.#queue.filter((other) => other !== job);
        this.#members.find((member) => member.job === job)?.port?.post({ type: 'cancel', id: job.id });
        job.reject(signal?.reason);
      };
      const job: Job = {
        id: this.#nextId++,
        request,
        options,
        resolve: (answer) => {
          signal?.removeEventListener('abort', abort);
          resolve(answer);
        },
        reject: (error) => {
          signal?.removeEventListener('abort', abort);
          reject(error instanceof Error ? error : new Error(String(error)));
        },
      };
      signal?.addEventListener('abort', abort);
      this.#queue.push(job);
      this.#dispatch();
    });
  }

  /** Makes the members forget a key. */
  forget(key: string): void {
    for (const member of this.#members) {
      if (member.keys.delete(key)) member.port?.post({ type: 'close', key });
    }
  }

  close(): void {
    this.#closed = true;
    const jobs = [...this.#queue, ...this.#members.flatMap(({ job }) => (job === undefined ? [] : [job]))];
    this.#queue = [];
    for (const member of this.#members) member.port?.terminate();
    for (const job of jobs) job.reject(new Error('The evaluator pool was closed.'));
  }

  #dispatch(): void {
    for (const [index, member] of this.#members.entries()) {
      if (member.job !== undefined) continue;
      const position = this.#queue.findIndex(({ options }) => options.member === undefined || options.member === index);
      const job = this.#queue[position];
      if (job === undefined) continue;
      this.#queue.splice(position, 1);
      member.job = job;
      try {
        this.#give(job, index, member);
      } catch (error) {
        member.job = undefined;
        job.reject(error);
      }
    }
  }

  #give({ id, request, options }: Job, index: number, member: Member): void {
    const port = member.port ?? this.#start(index, member);
    if (request.type === 'expand') {
      port.post({ type: 'request', id, request: { ...request, slot: index } });
      member.keys.add(request.key);
      return;
    }
    if (options.memory !== undefined && !member.keys.has(request.key)) {
      port.post({ type: 'open', key: request.key, memory: options.memory, slot: index });
      member.keys.add(request.key);
    }
    port.post({ type: 'request', id, request });
  }

  #hear(index: number, member: Member, message: FromWorker): void {
    const { job } = member;
    if (job?.id !== message.id) return;
    switch (message.type) {
      case 'read':
        void this.#read(member, job, message.offset, message.length);
        return;
      case 'progress':
        job.options.onProgress?.(message.done);
        return;
      case 'done':
        job.resolve({ ...message.result, member: index });
        break;
      case 'failed':
        if (job.request.type === 'expand') member.keys.delete(job.request.key);
        job.reject(
          message.code === undefined ? new Error(message.message) : new EvaluatorError(message.code, message.message),
        );
        break;
    }
    member.job = undefined;
    this.#dispatch();
  }

  async #read(member: Member, job: Job, offset: number, length: number): Promise<void> {
    try {
      if (job.options.source === undefined) throw new Error('There is nothing to read from.');
      const bytes = await job.options.source.read(offset, length);
      // A message takes the whole buffer of what it holds along, which may be that of the whole key.
      member.port?.post({ type: 'bytes', id: job.id, bytes: new Uint8Array(bytes) });
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      member.port?.post({ type: 'unreadable', id: job.id, message });
    }
  }
}
