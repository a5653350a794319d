import {
  codeOf,
  features,
  lowestValueOf,
  valueOf,
  type FeatureName,
  type FeatureValues,
  type LoadProfiles,
} from '../../protocol/features.ts';
import { isAboveMean, rankOf } from '../../protocol/norms.ts';
import type { GroupNorms } from '../../protocol/norms-message.ts';

/** One figure of a home beside its community. */
export interface ComparedFigure {
  readonly name: FeatureName;
  /** The home's own value, in the feature's unit. */
  readonly value: number;
  /** Middle of the mean code's step in the feature's unit; null where means are not published. */
  readonly mean: number | null;
  /** Whether the home's code is above the mean code; null where means are not published. */
  readonly aboveMean: boolean | null;
  /** 0 (lowest tenth of homes) to 9; null where deciles are not published. */
  readonly rank: number | null;
  /** Values below which one is a tenth of homes lower, nine ascending; null or absent where deciles are not published. */
  readonly limits?: readonly number[] | null | undefined;
}

/** A home's month beside the published norms of a group. */
export interface Comparison {
  readonly month: string;
  readonly group: string;
  readonly homes: number;
  readonly figures: readonly ComparedFigure[];
  readonly own: LoadProfiles;
  /** The group's mean load profiles; null where they are not published. */
  readonly profiles: LoadProfiles | null;
}

/**
 * Compares a home's figures with published norms, on the device. Mean and rank compare codes, as the protocol words
 * them (`isAboveMean`, `rankOf`), so that an encrypted comparison gives the same answers.
 */
export function compareWithNorms(
  month: string,
  values: FeatureValues,
  own: LoadProfiles,
  { name: group, homes, means, deciles, profiles }: GroupNorms,
): Comparison {
  const figures = features.map((feature, index): ComparedFigure => {
    const value = values[feature.name];
    const code = codeOf(feature, value);
    const mean = means?.[index] ?? null;
    const thresholds = deciles?.[index] ?? null;
    return {
      name: feature.name,
      value,
      mean: mean === null ? null : valueOf(feature, mean),
      aboveMean: mean === null ? null : isAboveMean(code, mean),
      rank: thresholds === null ? null : rankOf(code, thresholds),
      limits: thresholds?.map((threshold) => lowestValueOf(feature, threshold)) ?? null,
    };
  });
  return { month, group, homes, figures, own, profiles };
}
