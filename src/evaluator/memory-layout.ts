/** Where everything lies in the linear memory of one expanded key. */
import { bigDimensionOf, type Parameters, valuesOf } from './parameters.ts';
import { twiddleBytes } from './twiddles.ts';

/** Areas that all instances on a memory share. */
export interface SharedAreas {
  readonly aes: number;
  readonly twiddles: number;
  /** Where the host puts bodies to be expanded. */
  readonly chunk: number;
  readonly keySwitchKey: number;
  readonly bootstrapKey: number;
}

/** Areas for one ciphertext on its way through a bootstrap. */
export interface PlaceAreas {
  readonly ciphertext: number;
  readonly table: number;
  readonly digits: number;
  readonly smallLwe: number;
  readonly switched: number;
  readonly accumulator: number;
}

/** Areas that one instance has for itself; the first of its {@link batchPlaces} places lies here, the others behind it. */
export interface OwnAreas extends PlaceAreas {
  readonly roundKeys: number;
  readonly transform: number;
  /** From an area of one place to that of the next. */
  readonly placeBytes: number;
}

export interface MemoryLayout {
  readonly shared: SharedAreas;
  readonly own: readonly OwnAreas[];
  readonly bytes: number;
}

/** Bodies are expanded in chunks of about this size. */
export const chunkBytes = 1 << 16;
/** Ciphertexts that an instance takes through the key at a time. */
export const batchPlaces = 4;
/** Tables and S-box of assembly/aes.ts. */
const aesBytes = (4 << 10) + 256;
const roundKeyBytes = 11 * 16;
const pageBytes = 1 << 16;

/** Lays out a key and the working areas of `instances` instances. All areas start on cache lines. */
export function layOut(parameters: Parameters, instances: number): MemoryLayout {
  const { lweDimension, glweDimension, polynomialSize, pbsLevel, ksLevel } = parameters;
  let next = 64;
  const area = (bytes: number) => {
    const start = next;
    next += Math.ceil(bytes / 64) * 64;
    return start;
  };
  const points = polynomialSize / 2;
  const pairs = (glweDimension + 2) >> 1;
  const bigDimension = bigDimensionOf(parameters);
  const keySwitchRows = Math.ceil((bigDimension * ksLevel) / 8) * 8;
  const smallBytes = 16 * ((lweDimension + 4) >> 2);
  const transformBytes = 32 * points + 512;
  const polynomialBytes = 8 * polynomialSize;

  const shared: SharedAreas = {
    aes: area(aesBytes),
    twiddles: area(twiddleBytes(points)),
    chunk: area(Math.max(chunkBytes, polynomialBytes)),
    keySwitchKey: area(keySwitchRows * smallBytes),
    bootstrapKey: area(lweDimension * points * (glweDimension + 1) * pbsLevel * pairs * 32),
  };
  const place = (): PlaceAreas => ({
    ciphertext: area(8 * (bigDimension + 2)),
    table: area(4 * valuesOf(parameters)),
    digits: area(4 * keySwitchRows),
    smallLwe: area(2 * smallBytes),
    switched: area(4 * (lweDimension + 1)),
    accumulator: area(pairs * 8 * (polynomialSize + 2)),
  });
  const own = Array.from({ length: instances }, (): OwnAreas => {
    const roundKeys = area(roundKeyBytes);
    // Digits of all levels and sums of one point; while a key is expanded, one transform and one row with its mask.
    const transform = area(
      Math.max(
        pbsLevel * pairs * transformBytes + 32 * pairs,
        transformBytes + (glweDimension + 1) * polynomialBytes,
        8 * lweDimension + 64,
      ),
    );
    const start = next;
    const first = place();
    const placeBytes = next - start;
    for (let more = 1; more < batchPlaces; more++) place();
    return { roundKeys, transform, ...first, placeBytes };
  });
  return { shared, own, bytes: Math.ceil(next / pageBytes) * pageBytes };
}
