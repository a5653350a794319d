/**
 * The parameter set of contributions: dimension, noise and secret distribution are the library's own 128-bit set; only
 * the plaintext scale is ours, which does not enter the LWE problem.
 */
import { plaintextBits } from '../../protocol/ciphertext.ts';
import type { Parameters, TfheModule } from './tfhe-module.ts';

/** `PARAM_MESSAGE_2_CARRY_2_KS_PBS_TUNIFORM_2M128` (n = 2048, TUniform(17)) with all plaintext bits in the message. */
export function contributionParameters(tfhe: TfheModule): Parameters {
  const name = tfhe.ShortintParametersName.PARAM_MESSAGE_2_CARRY_2_KS_PBS_TUNIFORM_2M128;
  const parameters = new tfhe.ShortintParameters(name);
  parameters.set_message_modulus(2n ** BigInt(plaintextBits));
  parameters.set_carry_modulus(1n);
  return parameters;
}
