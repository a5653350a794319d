/** What the evaluator's browser tests run inside a page: a home with `tfhe` and a pool that has none of its secrets. */
import { wrap } from 'comlink';
import { sourceOf } from '../../../src/evaluator/byte-source.ts';
import { parseCompressedCiphertext, writeCiphertext } from '../../../src/evaluator/ciphertext.ts';
import { Circuit } from '../../../src/evaluator/circuit.ts';
import { atLeast } from '../../../src/evaluator/comparison.ts';
import { encryptedBackend } from '../../../src/evaluator/encrypted-backend.ts';
import { message2Carry2 } from '../../../src/evaluator/parameters.ts';
import { EvaluatorPool, type PooledKey } from '../../../src/evaluator/pool.ts';
import { webWorkerPort } from '../../../src/evaluator/ports.ts';
import { planRank, rank } from '../../../src/evaluator/rank.ts';
import type { Home } from './home-worker.ts';

export interface RoundTrip {
  readonly isolated: boolean;
  readonly serverKeyBytes: number;
  readonly makeKeyMs: number;
  readonly expandMs: number;
  /** Of the whole evaluation, all codes. */
  readonly evaluateMs: number;
  readonly bootstraps: number;
  readonly workers: number;
  readonly progressCalls: number;
  readonly answers: readonly { readonly rank: number; readonly above: number }[];
}

const digitsOf = (code: number) => [code >> 6, (code >> 4) & 3, (code >> 2) & 3, code & 3];

/** Keys and ciphertexts made in one worker, evaluated in `workers` others, decrypted in the first. */
async function roundTrip(
  codes: readonly number[],
  thresholds: readonly number[],
  mean: number,
  workers: number,
): Promise<RoundTrip> {
  const home = wrap<Home>(new Worker('/home-worker.js', { type: 'module' }));
  const startMs = performance.now();
  const serverKey = await home.makeKey();
  const makeKeyMs = performance.now() - startMs;

  const module = await WebAssembly.compileStreaming(fetch('/evaluator.wasm'));
  let started = 0;
  const spawn = () => {
    started++;
    return webWorkerPort(new Worker('/pool-worker.js', { type: 'module' }));
  };
  const pool = new EvaluatorPool({ module, spawn, workers, maxBytes: 2 ** 27 });
  let progressCalls = 0;
  let bootstraps = 0;
  const askedMs = performance.now();
  let expandedMs = NaN;
  const compare = async (key: PooledKey, code: number) => {
    const circuit = new Circuit(encryptedBackend(key));
    const seeded = await home.encrypt(digitsOf(code));
    const digits = await Promise.all(
      seeded.map(async (bytes) =>
        circuit.input(await key.decompress(parseCompressedCiphertext(bytes, message2Carry2)), 0, 3),
      ),
    );
    const [place, above] = await Promise.all([
      rank(circuit, digits, planRank(thresholds)),
      atLeast(circuit, digits, mean),
    ]);
    bootstraps += circuit.bootstraps;
    const read = (ciphertext: Parameters<typeof writeCiphertext>[0]) =>
      home.decrypt(writeCiphertext(ciphertext, message2Carry2));
    return { rank: await read(circuit.output(place)), above: await read(circuit.output(above)) };
  };
  const answers = await pool.use(
    'key',
    sourceOf(serverKey),
    (key) => {
      expandedMs = performance.now();
      return Promise.all(codes.map((code) => compare(key, code)));
    },
    { onProgress: () => progressCalls++ },
  );
  const doneMs = performance.now();
  pool.close();
  return {
    isolated: crossOriginIsolated,
    serverKeyBytes: serverKey.length,
    makeKeyMs,
    expandMs: expandedMs - askedMs,
    evaluateMs: doneMs - expandedMs,
    bootstraps,
    workers: started,
    progressCalls,
    answers,
  };
}

declare global {
  interface Window {
    roundTrip: typeof roundTrip;
  }
}

window.roundTrip = roundTrip;
