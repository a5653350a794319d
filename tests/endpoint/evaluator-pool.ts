/** A pool of worker threads for tests, with the small insecure keys' parameters. */
import { join, resolve } from 'node:path';
import { Worker } from 'node:worker_threads';
import { build } from 'rolldown';
import { afterAll } from 'vitest';
import { EvaluatorPool } from '../../src/evaluator/pool.ts';
import { threadPort } from '../../src/evaluator/ports.ts';
import type { Parameters } from '../../src/evaluator/parameters.ts';
import { evaluatorModule } from '../evaluator/keys.ts';

const script = resolve('build', 'evaluator', 'endpoint-test-worker.mjs');

/** Bundles the worker; the pools that it makes end with the tests of the file. */
export async function poolMaker(accept: readonly Parameters[]): Promise<() => EvaluatorPool> {
  await build({
    input: join('tests', 'evaluator', 'node-worker.ts'),
    platform: 'node',
    output: { file: script, format: 'esm' },
  });
  const module = await evaluatorModule();
  const pools: EvaluatorPool[] = [];
  afterAll(() => {
    for (const pool of pools) pool.close();
  });
  return () => {
    const spawn = () => threadPort(new Worker(script));
    const pool = new EvaluatorPool({ module, spawn, workers: 1, maxBytes: 2 ** 28, accept });
    pools.push(pool);
    return pool;
  };
}
