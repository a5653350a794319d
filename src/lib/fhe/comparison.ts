/**
 * Encryption of comparisons with `tfhe`: the home's own key pair, codes in, answers out. The module is passed in, so that
 * the same code runs on `tfhe` in a web worker and on `node-tfhe`.
 */
import { concatBytes, ownBytes, type Bytes } from '../../protocol/bytes.ts';
import { checkAnswer, digitBytes, digitsOf } from '../../protocol/comparison-digits.ts';
import { withObjects } from './objects.ts';
import { comparisonLweDimension, comparisonParameters, measuringParameters } from './parameters.ts';
import type { TfheModule } from './tfhe-module.ts';

/** A fresh client key, serialized (23.5 kB): it encrypts a home's codes and alone opens the answers. */
export const makeClientKey = (tfhe: TfheModule): Bytes =>
  withObjects((keep) => {
    const key = keep(tfhe.Shortint.new_client_key(keep(comparisonParameters(tfhe))));
    return ownBytes(tfhe.Shortint.serialize_client_key(key)).slice();
  });

/**
 * A compressed server key of a client key, serialized (28.5 MB): with it others compute under the client key without
 * reading anything. Takes seconds; different bytes every time.
 */
export const makeServerKey = (tfhe: TfheModule, clientKey: Uint8Array): Bytes =>
  withObjects((keep) => {
    const key = keep(tfhe.Shortint.deserialize_client_key(clientKey));
    const serverKey = keep(tfhe.Shortint.new_compressed_server_key(key));
    return ownBytes(tfhe.Shortint.serialize_compressed_server_key(serverKey)).slice();
  });

/**
 * How long {@link makeServerKey} will take on this device, ms: two small throw-away keys are made, and the time grows in
 * proportion to the small dimension (866 for the real one). Takes about a twentieth of that time itself.
 */
export function measureServerKeyMs(tfhe: TfheModule, now: () => number): number {
  const timeOf = (lweDimension: number): number =>
    withObjects((keep) => {
      const key = keep(tfhe.Shortint.new_client_key(keep(measuringParameters(tfhe, lweDimension))));
      const startMs = now();
      keep(tfhe.Shortint.new_compressed_server_key(key));
      return now() - startMs;
    });
  timeOf(4);
  const [few, many] = [4, 36] as const;
  const [shortMs, longMs] = [timeOf(few), timeOf(many)];
  return shortMs + ((longMs - shortMs) / (many - few)) * (comparisonLweDimension - few);
}

/**
 * Encrypts codes, each as four base-4 digits, most significant first, in seeded compressed ciphertexts.
 *
 * @param codes - whole numbers 0..255
 * @returns all digits' ciphertexts one after the other, `digitBytes` each, different every time
 * @throws {ProtocolError} `bad-value`
 */
export const encryptCodes = (tfhe: TfheModule, clientKey: Uint8Array, codes: readonly number[]): Bytes =>
  withObjects((keep) => {
    const key = keep(tfhe.Shortint.deserialize_client_key(clientKey));
    const digits = codes.flatMap(digitsOf).map((digit) => {
      const ciphertext = keep(tfhe.Shortint.encrypt_compressed(key, BigInt(digit)));
      const bytes = tfhe.Shortint.serialize_compressed_ciphertext(ciphertext);
      if (bytes.length !== digitBytes) throw new TypeError('tfhe gave a ciphertext of another size');
      return bytes;
    });
    return concatBytes(...digits);
  });

/**
 * Decrypts answers. What was not encrypted under this key gives any value.
 *
 * @param answers - ciphertexts as the endpoint's evaluator writes them
 * @returns values 0..15
 * @throws {ProtocolError} `bad-answer` for bytes that are no such ciphertext
 */
export const decryptAnswers = (
  tfhe: TfheModule,
  clientKey: Uint8Array,
  answers: readonly Uint8Array[],
  dimension?: number,
): number[] => {
  for (const answer of answers) checkAnswer(answer, dimension);
  return withObjects((keep) => {
    const key = keep(tfhe.Shortint.deserialize_client_key(clientKey));
    return answers.map((answer) =>
      Number(tfhe.Shortint.decrypt(key, keep(tfhe.Shortint.deserialize_ciphertext(answer)))),
    );
  });
};
