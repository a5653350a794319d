/** A worker thread of the pool, as a host writes it. */
import { parentPort } from 'node:worker_threads';
import { parentThreadPort } from '../../src/evaluator/ports.ts';
import { serveEvaluator } from '../../src/evaluator/worker.ts';

if (parentPort === null) throw new Error('to be started as a worker thread');
serveEvaluator(parentThreadPort(parentPort));
