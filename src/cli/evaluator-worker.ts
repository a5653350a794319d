/** A worker thread of the endpoint that evaluates comparisons; started by the endpoint, not by people. */
import { parentPort } from 'node:worker_threads';
import { parentThreadPort } from '../evaluator/ports.ts';
import { serveEvaluator } from '../evaluator/worker.ts';

if (parentPort === null) throw new Error('to be started as a worker thread');
serveEvaluator(parentThreadPort(parentPort));
