import { Worker } from 'node:worker_threads';
import { join, resolve } from 'node:path';
import { build } from 'rolldown';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type ByteSource, sourceOf } from '../../src/evaluator/byte-source.ts';
import { parseCompressedCiphertext } from '../../src/evaluator/ciphertext.ts';
import { Circuit } from '../../src/evaluator/circuit.ts';
import { encryptedBackend } from '../../src/evaluator/encrypted-backend.ts';
import { EvaluatorError } from '../../src/evaluator/errors.ts';
import { lookupTable } from '../../src/evaluator/lookup-table.ts';
import { keyMemoryBytes } from '../../src/evaluator/machine.ts';
import { message2Carry2, type Parameters } from '../../src/evaluator/parameters.ts';
import { EvaluatorPool, type PoolOptions } from '../../src/evaluator/pool.ts';
import type { WorkerPort } from '../../src/evaluator/pool-messages.ts';
import { threadPort } from '../../src/evaluator/ports.ts';
import { planRank, rank } from '../../src/evaluator/rank.ts';
import { decrypt, encrypt, evaluatorModule, open, type OpenKey, toyKey, vector } from './keys.ts';

const script = resolve('build', 'evaluator', 'test-worker.mjs');
beforeAll(async () => {
  await build({
    input: join('tests', 'evaluator', 'node-worker.ts'),
    platform: 'node',
    output: { file: script, format: 'esm' },
  });
});

const module = await evaluatorModule();
const keys = new Map<string, OpenKey>();
for (const name of ['toyA', 'toyB', 'toyC'] as const) keys.set(name, await open(toyKey(name)));
const accept = [...keys.values()].map(({ parameters }) => parameters);
const keyOf = (name: string): OpenKey => {
  const key = keys.get(name);
  if (key === undefined) throw new Error(`no key ${name}`);
  return key;
};
const bytesOf = (name: string, workers: number) => keyMemoryBytes(keyOf(name).parameters, workers);

const pools: EvaluatorPool[] = [];
const threads: Worker[] = [];
const spawn = (): WorkerPort => {
  const thread = new Worker(script);
  threads.push(thread);
  return threadPort(thread);
};

function makePool(options: Partial<PoolOptions> = {}): EvaluatorPool {
  const pool = new EvaluatorPool({ module, spawn, workers: 2, maxBytes: 2 ** 26, accept, ...options });
  pools.push(pool);
  return pool;
}
afterEach(() => {
  for (const pool of pools.splice(0)) pool.close();
  threads.splice(0);
});

/** A source that counts what is read. */
function counted(bytes: Uint8Array): ByteSource & { bytesRead: number } {
  const source = {
    size: bytes.length,
    bytesRead: 0,
    read: (offset: number, length: number) => {
      source.bytesRead += length;
      return Promise.resolve(bytes.subarray(offset, offset + length));
    },
  };
  return source;
}

const doubled = (parameters: Parameters) => lookupTable(parameters, (x) => (2 * x) % 4);

async function doubleOf(pool: EvaluatorPool, name: string, value: number): Promise<number> {
  const key = keyOf(name);
  const [result] = await pool.use(name, sourceOf(key.serverKeyBytes), (pooled) =>
    Promise.resolve(pooled.bootstrapAll([{ ciphertext: encrypt(key, value), table: doubled(pooled.parameters) }])),
  );
  if (result === undefined) throw new Error('no result');
  return decrypt(key, result);
}

describe('a pool of worker threads', () => {
  test('computes under several keys at once, each expanded once', async () => {
    const pool = makePool();
    const sources = new Map([...keys].map(([name, { serverKeyBytes }]) => [name, counted(serverKeyBytes)]));
    const jobs = [...keys].flatMap(([name, key]) =>
      [0, 1, 2, 3].map(async (value) => {
        const source = sources.get(name) ?? sourceOf(key.serverKeyBytes);
        const results = await pool.use(name, source, (pooled) =>
          Promise.resolve(
            pooled.bootstrapAll([{ ciphertext: encrypt(key, value), table: doubled(pooled.parameters) }]),
          ),
        );
        return results.map((result) => decrypt(key, result));
      }),
    );
    expect(await Promise.all(jobs)).toEqual([...keys].flatMap(() => [[0], [2], [0], [2]]));
    expect(pool.keys.toSorted()).toEqual([...keys.keys()]);
    for (const [name, source] of sources) {
      const { size } = source;
      // Once in whole, and the header again by each who asked before the first was done.
      expect(source.bytesRead).toBeGreaterThan(size);
      expect(source.bytesRead).toBeLessThan(size + 5 * 300);
      expect(bytesOf(name, 2)).toBeLessThan(pool.bytes);
    }
  });

  test('shares a memory between its threads: both take part in one circuit', async () => {
    const pool = makePool();
    const key = keyOf('toyA');
    const thresholds = [17, 18, 19, 20, 33, 34, 35, 49, 50];
    const code = 34;
    const place = await pool.use('toyA', sourceOf(key.serverKeyBytes), async (pooled) => {
      const circuit = new Circuit(encryptedBackend(pooled));
      const digits = [0, 2, 0, 2].map((digit) => circuit.input(encrypt(key, digit), 0, 3));
      return circuit.output(await rank(circuit, digits, planRank(thresholds)));
    });
    expect(decrypt(key, place)).toBe(thresholds.filter((t) => code >= t).length);
    expect(threads).toHaveLength(2);
  });

  test('without shared memories keeps each key with one thread', async () => {
    const asked: string[] = [];
    /** A thread whose memories do not get through, as in a page that is not cross-origin isolated. */
    const isolated = (): WorkerPort => {
      const port = spawn();
      return {
        ...port,
        post: (message) => {
          asked.push(message.type);
          port.post(message);
        },
        onMessage: (handler) =>
          port.onMessage((message) =>
            handler(
              message.type === 'done' ? { ...message, result: { ciphertexts: message.result.ciphertexts } } : message,
            ),
          ),
      };
    };
    const pool = makePool({ spawn: isolated });
    const names = ['toyA', 'toyB', 'toyA', 'toyB', 'toyA', 'toyB'];
    expect(await Promise.all(names.map((name, i) => doubleOf(pool, name, i % 4)))).toEqual([0, 2, 0, 2, 0, 2]);
    expect(asked).not.toContain('open');
  });

  test('decompresses seeded ciphertexts', async () => {
    const key = keyOf('toyA');
    const compressed = parseCompressedCiphertext(vector('real22.compressed_ct.2.bin'), message2Carry2);
    const expected = key.evaluator.decompress(compressed);
    const result = await makePool().use('toyA', sourceOf(key.serverKeyBytes), (pooled) =>
      pooled.decompress(compressed),
    );
    expect(result).toEqual(expected);
  });

  test('drops the longest unused key when another needs its room', async () => {
    const pool = makePool({ maxBytes: bytesOf('toyA', 2) + bytesOf('toyC', 2) });
    await doubleOf(pool, 'toyA', 1);
    await doubleOf(pool, 'toyC', 1);
    await doubleOf(pool, 'toyA', 1);
    expect(pool.keys).toEqual(['toyA', 'toyC']);
    expect(await doubleOf(pool, 'toyB', 3)).toBe(2);
    expect(pool.keys).toEqual(['toyA', 'toyB']);
    expect(pool.bytes).toBe(bytesOf('toyA', 2) + bytesOf('toyB', 2));
    expect(await doubleOf(pool, 'toyC', 3)).toBe(2);
    expect(pool.keys).toContain('toyC');
    expect(pool.bytes).toBeLessThanOrEqual(bytesOf('toyA', 2) + bytesOf('toyC', 2));
  });

  test('lets keys wait for each other where there is room for one only', async () => {
    const cap = Math.max(...[...keys.keys()].map((name) => bytesOf(name, 2)));
    const pool = makePool({ maxBytes: cap });
    let most = 0;
    const jobs = ['toyA', 'toyB', 'toyC', 'toyA', 'toyC', 'toyB'].map(async (name, i) => {
      const double = await doubleOf(pool, name, i % 4);
      most = Math.max(most, pool.bytes);
      return double;
    });
    expect(await Promise.all(jobs)).toEqual([0, 2, 0, 2, 0, 2]);
    expect(most).toBeLessThanOrEqual(cap);
  });

  test('refuses a key beyond the cap, of other parameters, or malformed, and goes on', async () => {
    const small = makePool({ maxBytes: 2 ** 18 });
    await expect(doubleOf(small, 'toyA', 1)).rejects.toMatchObject({ code: 'too-large' });
    const strict = makePool({ accept: [message2Carry2] });
    await expect(doubleOf(strict, 'toyA', 1)).rejects.toMatchObject({ code: 'unsupported' });
    const pool = makePool();
    const bytes = keyOf('toyA').serverKeyBytes;
    const never = () => Promise.reject(new Error('no key, no task'));
    await expect(pool.use('cut', sourceOf(bytes.subarray(0, -1)), never)).rejects.toBeInstanceOf(EvaluatorError);
    const unreadable: ByteSource = {
      size: bytes.length,
      read: (offset, length) => {
        if (length > 200) throw new Error('the disk is gone');
        return bytes.subarray(offset, offset + length);
      },
    };
    await expect(pool.use('gone', unreadable, never)).rejects.toThrow('the disk is gone');
    expect(pool.keys).toEqual([]);
    expect(await doubleOf(pool, 'toyA', 1)).toBe(2);
  });

  test('refuses ciphertexts of another dimension', async () => {
    const pool = makePool();
    const { serverKeyBytes } = keyOf('toyA');
    const foreign = { words: new Uint32Array(10), degree: 3, noiseLevel: 1 };
    await expect(
      pool.use('toyA', sourceOf(serverKeyBytes), (pooled) =>
        Promise.resolve(pooled.bootstrapAll([{ ciphertext: foreign, table: doubled(pooled.parameters) }])),
      ),
    ).rejects.toMatchObject({ code: 'malformed' });
  });

  test('tells progress, and stops when cancelled, for the canceller alone', async () => {
    const pool = makePool();
    const key = keyOf('toyC');
    const source = sourceOf(key.serverKeyBytes);
    const seen: number[] = [];
    await pool.use('toyC', source, () => Promise.resolve(), { onProgress: (done) => seen.push(done) });
    expect(seen.at(-1)).toBe(1);
    expect(seen.toSorted((a, b) => a - b)).toEqual(seen);

    const other = makePool();
    const cancel = new AbortController();
    const cancelled = other.use('toyC', source, () => Promise.resolve('done'), {
      signal: cancel.signal,
      onProgress: () => cancel.abort(new Error('enough')),
    });
    const patient = other.use('toyC', source, () => Promise.resolve('done'));
    await expect(cancelled).rejects.toThrow('enough');
    expect(await patient).toBe('done');
    await expect(other.use('toyC', source, () => Promise.resolve(), { signal: cancel.signal })).rejects.toThrow(
      'enough',
    );
  });

  test('cancelled while the source is silent, its thread is free again', async () => {
    const pool = makePool({ workers: 1 });
    const key = keyOf('toyA');
    const cancel = new AbortController();
    const silent: ByteSource = {
      size: key.serverKeyBytes.length,
      read: (offset, length) => {
        if (length < 200) return key.serverKeyBytes.subarray(offset, offset + length);
        cancel.abort(new Error('too slow'));
        return new Promise<Uint8Array>(() => undefined);
      },
    };
    await expect(pool.use('silent', silent, () => Promise.resolve(), { signal: cancel.signal })).rejects.toThrow(
      'too slow',
    );
    expect(await doubleOf(pool, 'toyA', 1)).toBe(2);
  });

  test('stops in the middle of a circuit, and leaves nothing of it in the queue', async () => {
    let posted = 0;
    const counting = (): WorkerPort => {
      const port = spawn();
      return {
        ...port,
        post: (message) => {
          if (message.type === 'request' && message.request.type === 'bootstrap') posted++;
          port.post(message);
        },
      };
    };
    const pool = makePool({ spawn: counting });
    const key = keyOf('toyB');
    const source = sourceOf(key.serverKeyBytes);
    const cancel = new AbortController();
    let done = 0;
    const running = pool.use(
      'toyB',
      source,
      async (pooled) => {
        const circuit = new Circuit(encryptedBackend(pooled), {
          signal: cancel.signal,
          onBootstrap: () => {
            done++;
            cancel.abort(new Error('enough'));
          },
        });
        for (let round = 0; round < 1000; round++) {
          const inputs = Array.from({ length: 12 }, () => circuit.input(encrypt(key, 1), 0, 1));
          await Promise.all(inputs.map((input) => circuit.lut(input, (x) => x)));
        }
      },
      { signal: cancel.signal },
    );
    await expect(running).rejects.toThrow('enough');
    expect(done).toBe(1);
    // One round of twelve jobs in parts of four.
    expect(posted).toBe(3);
    expect(await doubleOf(pool, 'toyB', 1)).toBe(2);
    expect(posted).toBe(4);
  });

  test('replaces a thread that died: its request fails, the next ones do not', async () => {
    const pool = makePool({ workers: 1 });
    expect(await doubleOf(pool, 'toyA', 1)).toBe(2);
    const under = doubleOf(pool, 'toyB', 1);
    await threads[0]?.terminate();
    await expect(under).rejects.toThrow('An evaluator worker failed');
    expect(await doubleOf(pool, 'toyA', 3)).toBe(2);
    expect(await doubleOf(pool, 'toyB', 3)).toBe(2);
    expect(threads).toHaveLength(2);
  });

  test('whose workers cannot be started says so to each request, and does not try on its own', async () => {
    let tries = 0;
    const broken = (): WorkerPort => {
      tries++;
      return threadPort(new Worker('throw new Error("no such file")', { eval: true }));
    };
    const pool = makePool({ spawn: broken, workers: 1 });
    await expect(doubleOf(pool, 'toyA', 1)).rejects.toThrow('no such file');
    await expect(doubleOf(pool, 'toyA', 1)).rejects.toThrow('no such file');
    expect(tries).toBe(2);
  });

  test('closed, rejects what is under way and what comes after', async () => {
    const pool = makePool();
    const under = doubleOf(pool, 'toyA', 1);
    pool.close();
    await expect(under).rejects.toThrow('closed');
    await expect(doubleOf(pool, 'toyA', 1)).rejects.toThrow('closed');
  });
});
