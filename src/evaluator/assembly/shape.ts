// Sizes of the key in use and where everything lies in linear memory. The host computes all of it
// (memory-layout.ts) and sets it once per instance: nothing is allocated here.

/** Dimension of the small LWE key. */
export let n: i32 = 0;
/** Polynomial size; its transform has half as many points. */
export let N: i32 = 0;
/** Number of mask polynomials. */
export let k: i32 = 0;
/** Dimension of the big LWE key, k·N. */
export let bigDimension: i32 = 0;
/** Pairs of polynomials in an accumulator: two neighbours share the two lanes of a vector; an odd one is alone. */
export let pairs: i32 = 0;
/** Points of a transform, N/2. */
export let points: i32 = 0;
export let blindRotationBaseLog: i32 = 0;
export let blindRotationLevels: i32 = 0;
export let keySwitchBaseLog: i32 = 0;
export let keySwitchLevels: i32 = 0;
/** 1: the mean of the modulus switch's error is centred; 0: standard. */
export let centredMean: i32 = 0;

/** Shared and read-only after set-up. */
export let aesTables: usize = 0;
export let twiddles: usize = 0;
export let keySwitchKey: usize = 0;
export let bootstrapKey: usize = 0;
/** One set per instance. */
export let roundKeys: usize = 0;
export let transform: usize = 0;
/** One set per ciphertext of a batch: those of the selected place. */
export let ciphertext: usize = 0;
export let table: usize = 0;
export let digits: usize = 0;
export let smallLwe: usize = 0;
export let switched: usize = 0;
export let accumulator: usize = 0;
let placeBytes: usize = 0;
let selected: i32 = 0;

/** Bytes of one pair's accumulator: N + 2 columns of two 32-bit coefficients (see accumulator.ts). */
@inline export function accumulatorBytes(): usize { return <usize>(N + 2) << 3; }
/** Bytes of one pair's transform: per point the real parts of both polynomials, then the imaginary ones. */
@inline export function transformBytes(): usize { return quarterBytes() << 2; }
/** Bytes from one quarter of a transform to the next: two cache lines more than it takes, lest all fall in one cache set. */
@inline export function quarterBytes(): usize { return (<usize>points << 3) + 128; }
/** Rows of one GGSW ciphertext. */
@inline export function ggswRows(): i32 { return (k + 1) * blindRotationLevels; }
/** Vectors of four 32-bit words that hold a small LWE ciphertext. */
@inline export function smallVectors(): i32 { return (n + 4) >> 2; }

export function setShape(
  smallDimension: i32, polynomials: i32, polynomialSize: i32,
  rotationBaseLog: i32, rotationLevels: i32, switchBaseLog: i32, switchLevels: i32, centred: i32,
): void {
  n = smallDimension;
  k = polynomials;
  N = polynomialSize;
  bigDimension = k * N;
  pairs = (k + 2) >> 1;
  points = N >> 1;
  blindRotationBaseLog = rotationBaseLog;
  blindRotationLevels = rotationLevels;
  keySwitchBaseLog = switchBaseLog;
  keySwitchLevels = switchLevels;
  centredMean = centred;
}

export function setSharedAreas(aes: usize, roots: usize, switchKey: usize, rotationKey: usize): void {
  aesTables = aes;
  twiddles = roots;
  keySwitchKey = switchKey;
  bootstrapKey = rotationKey;
}

export function setOwnAreas(
  roundKeysArea: usize, transformArea: usize, ciphertextArea: usize, tableArea: usize, digitsArea: usize,
  smallLweArea: usize, switchedArea: usize, accumulatorArea: usize, bytesOfPlace: usize,
): void {
  roundKeys = roundKeysArea;
  transform = transformArea;
  ciphertext = ciphertextArea;
  table = tableArea;
  digits = digitsArea;
  smallLwe = smallLweArea;
  switched = switchedArea;
  accumulator = accumulatorArea;
  placeBytes = bytesOfPlace;
  selected = 0;
}

/** Turns to the areas of another ciphertext of the batch. */
export function selectPlace(place: i32): void {
  const step = <usize>(place - selected) * placeBytes;
  selected = place;
  ciphertext += step;
  table += step;
  digits += step;
  smallLwe += step;
  switched += step;
  accumulator += step;
}
