/** What a server key says about itself, in tfhe-rs' terms. */
export interface Parameters {
  /** Dimension n of the small LWE key. */
  readonly lweDimension: number;
  /** Number k of mask polynomials. */
  readonly glweDimension: number;
  /** Polynomial size N, a power of two. */
  readonly polynomialSize: number;
  readonly pbsBaseLog: number;
  readonly pbsLevel: number;
  readonly ksBaseLog: number;
  readonly ksLevel: number;
  readonly messageModulus: number;
  readonly carryModulus: number;
  /** Largest 2-norm of a combination of fresh ciphertexts that a bootstrap takes at the declared failure probability. */
  readonly maxNoiseLevel: number;
  readonly modulusSwitch: 'standard' | 'centred-mean';
}

/**
 * `V1_6_PARAM_MESSAGE_2_CARRY_2_KS_PBS_GAUSSIAN_2M128` of tfhe-rs: 128 bits of security, failure probability of a
 * bootstrap below 2^-128.
 */
export const message2Carry2: Parameters = {
  lweDimension: 866,
  glweDimension: 1,
  polynomialSize: 2048,
  pbsBaseLog: 23,
  pbsLevel: 1,
  ksBaseLog: 3,
  ksLevel: 5,
  messageModulus: 4,
  carryModulus: 4,
  maxNoiseLevel: 5,
  modulusSwitch: 'centred-mean',
};

/** Values of a digit with its carry: the plaintext space that the padding bit leaves. */
export const valuesOf = (parameters: Parameters): number => parameters.messageModulus * parameters.carryModulus;

/** Dimension of the big LWE key, under which ciphertexts come and go. */
export const bigDimensionOf = (parameters: Parameters): number => parameters.glweDimension * parameters.polynomialSize;

const fields = Object.keys(message2Carry2) as readonly (keyof Parameters)[];

export const sameParameters = (a: Parameters, b: Parameters): boolean => fields.every((field) => a[field] === b[field]);
