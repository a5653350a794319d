import type { Ciphertext } from './ciphertext.ts';
import type { Backend } from './circuit.ts';
import { addCiphertexts, addConstant, scaleCiphertext } from './linear.ts';
import type { LookupTable } from './lookup-table.ts';
import type { Parameters } from './parameters.ts';

/** What the encrypted back end needs of an evaluator or of a pool of them. */
export interface Bootstrapper {
  readonly parameters: Parameters;
  bootstrap(
    ciphertext: Ciphertext,
    tables: readonly LookupTable[],
  ): readonly Ciphertext[] | Promise<readonly Ciphertext[]>;
}

/** Circuits on ciphertexts under the key of an evaluator or of a pool. */
export function encryptedBackend(bootstrapper: Bootstrapper): Backend<Ciphertext> {
  const { parameters } = bootstrapper;
  return {
    parameters,
    add: addCiphertexts,
    addConstant: (a, value) => addConstant(a, value, parameters),
    scale: scaleCiphertext,
    async lut(a, table) {
      const [result] = await bootstrapper.bootstrap(a, [table]);
      if (result === undefined) throw new Error('a bootstrap gave no result');
      return result;
    },
  };
}
