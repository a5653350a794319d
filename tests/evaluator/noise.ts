/**
 * Noise that theory predicts, as standard deviations in fractions of the torus: Bergerat et al., Parameter Optimization
 * and Larger Precision for (T)FHE, Journal of Cryptology 2023; for the centred modulus switch de Ruijter, D'Anvers and
 * Verbauwhede, https://eprint.iacr.org/2025/809. Known Hamming weights may stand in for the expected halves.
 */
import { bigDimensionOf, type Parameters, valuesOf } from '../../src/evaluator/parameters.ts';

/** Deviations of the keys' own noise, and of what floating-point transforms add to one bootstrap. */
export interface KeyNoise {
  readonly lwe: number;
  readonly glwe: number;
  readonly transform: number;
}

/** Of `V1_6_PARAM_MESSAGE_2_CARRY_2_KS_PBS_GAUSSIAN_2M128`; the last as tfhe-rs assumes it. */
export const message2Carry2Noise: KeyNoise = {
  lwe: 2.046151696979124e-6,
  glwe: 2.845267479601915e-15,
  transform: 2 ** -15.976,
};

export interface HammingWeights {
  readonly big: number;
  readonly small: number;
}

/** Weights that a random key has on average. */
export const expectedWeights = (parameters: Parameters): HammingWeights => ({
  big: bigDimensionOf(parameters) / 2,
  small: parameters.lweDimension / 2,
});

/** Mean square of a balanced digit in base 2^baseLog. */
const digitSquare = (baseLog: number) => (4 ** baseLog + 2) / 12;
/** Mean square of what rounding to `bits` bits of the torus leaves out. */
const roundingSquare = (bits: number) => 4 ** -bits / 12;

/** What a key switch adds. */
export function keySwitchNoise(parameters: Parameters, noise: KeyNoise, weights = expectedWeights(parameters)): number {
  const { ksBaseLog, ksLevel } = parameters;
  const rounding = weights.big * roundingSquare(ksBaseLog * ksLevel);
  const key = bigDimensionOf(parameters) * ksLevel * noise.lwe ** 2 * digitSquare(ksBaseLog);
  return Math.sqrt(rounding + key);
}

/** What the modulus switch adds; centring leaves the variance of each key bit, not its square. */
export function modulusSwitchNoise(parameters: Parameters, weights = expectedWeights(parameters)): number {
  const { lweDimension, modulusSwitch, polynomialSize } = parameters;
  const terms = modulusSwitch === 'centred-mean' ? lweDimension / 4 : weights.small;
  return Math.sqrt((1 + terms) * roundingSquare(Math.log2(2 * polynomialSize)));
}

/** Noise of a bootstrap's result. */
export function bootstrapNoise(parameters: Parameters, noise: KeyNoise, weights = expectedWeights(parameters)): number {
  const { lweDimension, glweDimension, polynomialSize, pbsBaseLog, pbsLevel } = parameters;
  const rows = pbsLevel * (glweDimension + 1) * polynomialSize;
  const key = lweDimension * rows * noise.glwe ** 2 * digitSquare(pbsBaseLog);
  // A step with key bit 0 leaves the rounding out.
  const rounding = weights.small * (1 + weights.big) * roundingSquare(pbsBaseLog * pbsLevel);
  return Math.sqrt(key + rounding + noise.transform ** 2);
}

/**
 * log2 of the probability that a bootstrap of a combination of norm `norm` looks its value up in the wrong box, from
 * the three deviations.
 */
export function log2FailureProbability(
  parameters: Parameters,
  norm: number,
  deviations: { keySwitch: number; modulusSwitch: number; bootstrap: number },
): number {
  const { keySwitch, modulusSwitch, bootstrap } = deviations;
  const deviation = Math.hypot(keySwitch, modulusSwitch, norm * bootstrap);
  const x = 1 / (4 * valuesOf(parameters)) / deviation / Math.SQRT2;
  // erfc(x) by its continued fraction, which is exact to the last digits for the large x of interest.
  let fraction = x;
  for (let k = 60; k > 0; k--) fraction = x + k / 2 / fraction;
  return (-x * x - Math.log(fraction * Math.sqrt(Math.PI))) * Math.LOG2E;
}
