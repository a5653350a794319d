/**
 * Parameter sets. That of contributions: dimension, noise and secret distribution are the library's own 128-bit set; only
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

/**
 * The parameter set of comparisons: 128 bits of security, a bootstrap fails with a probability below 2^-128, digits of
 * two bits with two bits of carry.
 */
export const comparisonParameters = (tfhe: TfheModule): Parameters =>
  new tfhe.ShortintParameters(tfhe.ShortintParametersName.V1_6_PARAM_MESSAGE_2_CARRY_2_KS_PBS_GAUSSIAN_2M128);

/** Small LWE dimension of the set; the work of making a server key is proportional to it. */
export const comparisonLweDimension = 866;

/** The same set with another small dimension. INSECURE; for measuring how fast this device makes keys. */
export function measuringParameters(tfhe: TfheModule, lweDimension: number): Parameters {
  const whole = comparisonParameters(tfhe);
  const noises = [whole.lwe_noise_distribution(), whole.glwe_noise_distribution()] as const;
  try {
    const bits = 4n;
    const big = tfhe.ShortintEncryptionKeyChoice.Big;
    return tfhe.Shortint.new_parameters(lweDimension, 1, 2048, ...noises, 23, 1, 3, 5, bits, bits, 5n, -128, 64, big);
  } finally {
    for (const object of [...noises, whole]) object.free();
  }
}
