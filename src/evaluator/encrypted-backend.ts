import type { Ciphertext } from './ciphertext.ts';
import type { Backend } from './circuit.ts';
import type { BootstrapJob } from './evaluator.ts';
import { addCiphertexts, addConstant, scaleCiphertext } from './linear.ts';
import type { Parameters } from './parameters.ts';

/** What the encrypted back end needs of an evaluator or of a pool of them. */
export interface Bootstrapper {
  readonly parameters: Parameters;
  /** A result for each job. */
  bootstrapAll(jobs: readonly BootstrapJob[]): readonly Ciphertext[] | Promise<readonly Ciphertext[]>;
}

interface Waiting {
  readonly job: BootstrapJob;
  readonly resolve: (result: Ciphertext) => void;
  readonly reject: (error: unknown) => void;
}

/** Rounds of promises without a new job after which those that wait are taken to be all that a circuit asks for now. */
const settledRounds = 8;

/**
 * Circuits on ciphertexts under the key of an evaluator or of a pool. Bootstraps that a circuit asks for side by side are
 * done in one go.
 */
export function encryptedBackend(bootstrapper: Bootstrapper): Backend<Ciphertext> {
  const { parameters } = bootstrapper;
  let waiting: Waiting[] = [];

  async function run(): Promise<void> {
    for (let quiet = 0, before = 0; quiet < settledRounds; quiet++) {
      if (waiting.length > before) quiet = 0;
      before = waiting.length;
      await Promise.resolve();
    }
    const batch = waiting;
    waiting = [];
    try {
      const results = await bootstrapper.bootstrapAll(batch.map(({ job }) => job));
      batch.forEach(({ resolve, reject }, i) => {
        const result = results[i];
        if (result === undefined) reject(new Error('a bootstrap gave no result'));
        else resolve(result);
      });
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
  }

  return {
    parameters,
    add: addCiphertexts,
    addConstant: (a, value) => addConstant(a, value, parameters),
    scale: scaleCiphertext,
    lut: (ciphertext, table) =>
      new Promise((resolve, reject) => {
        waiting.push({ job: { ciphertext, table }, resolve, reject });
        if (waiting.length === 1) void run();
      }),
  };
}
