/**
 * Feature schema v1: the eight figures of a month that homes compare, the published scales that turn each into a code
 * 0..255, and the vector of 313 small integers that a home contributes (docs/protocol.md, "Feature schema").
 */
import { ProtocolError } from './error.ts';

/** Number of this schema; it stands in every manifest and round key. */
export const schemaVersion = 1;

/** The eight figures of one month, from the home's electricity import alone. */
export interface FeatureValues {
  /** Mean energy of a local day, kWh. */
  readonly meanDailyKwh: number;
  /** Load that never goes away, W. */
  readonly baseloadW: number;
  /** Mean power of the three highest hours of the month, kW. */
  readonly peakThreeHoursKw: number;
  /** Share of the month's energy used from 17 to 21 o'clock local time, 0..1. */
  readonly eveningShare: number;
  /** Share used from 0 to 5 o'clock, 0..1. */
  readonly nightShare: number;
  /** Share used from 10 to 16 o'clock, 0..1. */
  readonly middayShare: number;
  /** Mean energy of a weekend day divided by that of a weekday. */
  readonly weekendRatio: number;
  /** Mean power divided by the power of the highest hour, 0..1. */
  readonly loadFactor: number;
}

/** Mean energy by local hour of day (24 values each, Wh). */
export interface LoadProfiles {
  readonly weekdayWh: readonly number[];
  readonly weekendWh: readonly number[];
}

/** Where a feature's codes lie: 256 steps of equal ratio (`log`) or difference (`linear`); both end steps are open. */
export interface Scale {
  readonly kind: 'log' | 'linear';
  readonly low: number;
  readonly high: number;
}

export type FeatureName = keyof FeatureValues;

export interface Feature {
  readonly name: FeatureName;
  readonly unit: 'kWh/d' | 'W' | 'kW' | '';
  readonly scale: Scale;
}

/**
 * The features in vector order. Ranges cover flats that stand almost empty up to all-electric houses in a cold winter;
 * a log step is 2.4 % (daily energy, baseload) or 2.2 % (peak), a linear step 0.2 to 0.4 percentage points.
 */
export const features = [
  { name: 'meanDailyKwh', unit: 'kWh/d', scale: { kind: 'log', low: 0.5, high: 200 } },
  { name: 'baseloadW', unit: 'W', scale: { kind: 'log', low: 10, high: 5000 } },
  { name: 'peakThreeHoursKw', unit: 'kW', scale: { kind: 'log', low: 0.1, high: 25 } },
  { name: 'eveningShare', unit: '', scale: { kind: 'linear', low: 0, high: 0.5 } },
  { name: 'nightShare', unit: '', scale: { kind: 'linear', low: 0, high: 0.75 } },
  { name: 'middayShare', unit: '', scale: { kind: 'linear', low: 0, high: 0.75 } },
  { name: 'weekendRatio', unit: '', scale: { kind: 'log', low: 0.25, high: 4 } },
  { name: 'loadFactor', unit: '', scale: { kind: 'linear', low: 0, high: 1 } },
] as const satisfies readonly Feature[];

export const codeCount = 256;
/** Codes of one histogram bin: the histogram counts `code >> 3`. */
export const codesPerBin = 8;
export const binCount = codeCount / codesPerBin;
export const hoursPerDay = 24;
/** Profile slots count in units of 10 Wh … */
export const profileUnitWh = 10;
/** … and stop at 1023 units (10.23 kWh in an hour), so that 1,000 homes stay below the field's prime. */
export const profileCap = 1023;

const codeSumsAt = 1 + features.length * binCount;
const weekdayAt = codeSumsAt + features.length;
const weekendAt = weekdayAt + hoursPerDay;

/** Number of slots of the contribution vector. */
export const vectorLength = weekendAt + hoursPerDay;

const along = (scale: Scale, value: number): number =>
  scale.kind === 'log'
    ? Math.log(value / scale.low) / Math.log(scale.high / scale.low)
    : (value - scale.low) / (scale.high - scale.low);

const at = (scale: Scale, fraction: number): number =>
  scale.kind === 'log'
    ? scale.low * (scale.high / scale.low) ** fraction
    : scale.low + (scale.high - scale.low) * fraction;

/**
 * The code 0..255 of a value; values beyond the scale get the end codes.
 *
 * @throws {ProtocolError} `bad-value` for a negative value or none at all
 */
export function codeOf(feature: Feature, value: number): number {
  if (!Number.isFinite(value) || value < 0) {
    throw new ProtocolError('bad-value', `${feature.name} must be a number of at least 0, not ${value}`);
  }
  return Math.min(codeCount - 1, Math.max(0, Math.floor(along(feature.scale, value) * codeCount)));
}

/** The value in the middle of a code's step, in the feature's unit. */
export function valueOf(feature: Feature, code: number): number {
  return at(feature.scale, (code + 0.5) / codeCount);
}

/** The lowest value of a code's step, in the feature's unit; code 0 is open below. */
export function lowestValueOf(feature: Feature, code: number): number {
  return at(feature.scale, code / codeCount);
}

/** From where to where a histogram bin (0..31) reaches, in the feature's unit; the end bins are open. */
export function binRange(feature: Feature, bin: number): readonly [low: number, high: number] {
  return [at(feature.scale, bin / binCount), at(feature.scale, (bin + 1) / binCount)];
}

/** Codes of all features, in vector order. */
export function codesOf(values: FeatureValues): number[] {
  return features.map((feature) => codeOf(feature, values[feature.name]));
}

/** What one slot of the vector counts. */
export type Slot =
  | { readonly kind: 'count' }
  | { readonly kind: 'bin'; readonly feature: Feature; readonly bin: number }
  | { readonly kind: 'codeSum'; readonly feature: Feature }
  | { readonly kind: 'profile'; readonly day: 'weekday' | 'weekend'; readonly hour: number };

const hours = [...Array(hoursPerDay).keys()];

/** The vector's slots in order: 1 count, 8 × 32 histogram bins, 8 code sums, 24 weekday and 24 weekend hours. */
export const slots: readonly Slot[] = [
  { kind: 'count' },
  ...features.flatMap((feature) => [...Array(binCount).keys()].map((bin): Slot => ({ kind: 'bin', feature, bin }))),
  ...features.map((feature): Slot => ({ kind: 'codeSum', feature })),
  ...hours.map((hour): Slot => ({ kind: 'profile', day: 'weekday', hour })),
  ...hours.map((hour): Slot => ({ kind: 'profile', day: 'weekend', hour })),
];

/** A slot in plain words. */
export function slotName(slot: Slot): string {
  switch (slot.kind) {
    case 'count':
      return 'homes';
    case 'bin': {
      const [low, high] = binRange(slot.feature, slot.bin).map((value) => value.toPrecision(3));
      const unit = slot.feature.unit === '' ? '' : ` ${slot.feature.unit}`;
      if (slot.bin === 0) return `${slot.feature.name} below ${high ?? ''}${unit}`;
      if (slot.bin === binCount - 1) return `${slot.feature.name} from ${low ?? ''}${unit}`;
      return `${slot.feature.name} ${low ?? ''} to ${high ?? ''}${unit}`;
    }
    case 'codeSum':
      return `${slot.feature.name} code`;
    case 'profile':
      return `${slot.day} ${slot.hour} to ${slot.hour + 1} h (10 Wh)`;
  }
}

const profileUnits = (profile: readonly number[], name: string): number[] => {
  if (profile.length !== hoursPerDay) {
    throw new ProtocolError('bad-value', `${name} must have ${hoursPerDay} hours, not ${profile.length}`);
  }
  return profile.map((wh) => {
    if (!Number.isFinite(wh) || wh < 0) {
      throw new ProtocolError('bad-value', `${name} must hold numbers of at least 0, not ${wh}`);
    }
    return Math.min(profileCap, Math.round(wh / profileUnitWh));
  });
};

/**
 * The vector a home contributes: {@link vectorLength} integers 0..1023 in the order of {@link slots}.
 *
 * @throws {ProtocolError} `bad-value` for a figure that is negative or no number
 */
export function encodeVector(values: FeatureValues, profiles: LoadProfiles): number[] {
  const codes = codesOf(values);
  const histograms = codes.flatMap((code) => {
    const bins = Array<number>(binCount).fill(0);
    bins[Math.floor(code / codesPerBin)] = 1;
    return bins;
  });
  return [
    1,
    ...histograms,
    ...codes,
    ...profileUnits(profiles.weekdayWh, 'weekdayWh'),
    ...profileUnits(profiles.weekendWh, 'weekendWh'),
  ];
}

/** A vector, or a total of vectors, by its parts. */
export interface VectorParts {
  readonly count: number;
  /** Per feature, 32 bins. */
  readonly histograms: readonly (readonly number[])[];
  /** Per feature. */
  readonly codeSums: readonly number[];
  /** Sums in units of 10 Wh. */
  readonly weekday: readonly number[];
  readonly weekend: readonly number[];
}

/**
 * Takes a vector or total apart.
 *
 * @throws {ProtocolError} `bad-value` if it has not {@link vectorLength} slots
 */
export function vectorParts(vector: readonly number[]): VectorParts {
  const [count] = vector;
  if (count === undefined || vector.length !== vectorLength) {
    throw new ProtocolError('bad-value', `A vector has ${vectorLength} slots, not ${vector.length}`);
  }
  return {
    count,
    histograms: features.map((_, i) => vector.slice(1 + i * binCount, 1 + (i + 1) * binCount)),
    codeSums: vector.slice(codeSumsAt, weekdayAt),
    weekday: vector.slice(weekdayAt, weekendAt),
    weekend: vector.slice(weekendAt),
  };
}
