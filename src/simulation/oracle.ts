/**
 * What a round must come to, worked out from the plain vectors in the most obvious way. Shares no code with sharing,
 * encryption or norms, so that it can catch their mistakes.
 */

/** Where the parts of the vector lie: 1 count, 8 × 32 histogram, 8 code sums, 24 + 24 profile values. */
const featureCount = 8;
const binCount = 32;
const codeSumsAt = 1 + featureCount * binCount;
const profilesAt = codeSumsAt + featureCount;

export interface ExpectedNorms {
  readonly homes: number;
  readonly profiles: { readonly weekdayWh: readonly number[]; readonly weekendWh: readonly number[] };
  readonly means: readonly number[];
  readonly deciles: readonly (readonly number[])[];
}

/** Sum of the vectors, slot by slot. */
export function expectedTotal(vectors: readonly (readonly number[])[]): number[] {
  const total: number[] = [];
  for (const vector of vectors) {
    vector.forEach((value, slot) => {
      total[slot] = (total[slot] ?? 0) + value;
    });
  }
  return total;
}

/** Norms of a group with this total. */
export function expectedNorms(total: readonly number[]): ExpectedNorms {
  const homes = total[0] ?? 0;
  const meanWh = (sum: number) => Math.round((sum * 10) / homes);
  const features = [...Array(featureCount).keys()];
  return {
    homes,
    profiles: {
      weekdayWh: total.slice(profilesAt, profilesAt + 24).map(meanWh),
      weekendWh: total.slice(profilesAt + 24).map(meanWh),
    },
    means: features.map((feature) => Math.floor((total[codeSumsAt + feature] ?? 0) / homes)),
    deciles: features.map((feature) => {
      const bins = total.slice(1 + feature * binCount, 1 + (feature + 1) * binCount);
      return [1, 2, 3, 4, 5, 6, 7, 8, 9].map((tenth) => expectedThreshold(bins, (tenth * homes) / 10));
    }),
  };
}

/** The code below which `wanted` homes lie, if each bin's homes lie evenly over its eight codes; rounded up, 1..255. */
function expectedThreshold(bins: readonly number[], wanted: number): number {
  let below = 0;
  for (const [bin, count] of bins.entries()) {
    if (count > 0 && below + count >= wanted) {
      const position = 8 * bin + (8 * (wanted - below)) / count;
      // Tenths of homes are not exact in binary: what is within a millionth of a whole code is that code.
      return Math.min(255, Math.max(1, Math.ceil(position - 1e-6)));
    }
    below += count;
  }
  return 255;
}
