/**
 * How a home's energy follows the weather: CalTRACK 2.0 daily and billing methods. Use per day = base + heating slope ×
 * heating degree days + cooling slope × cooling degree days, with both balance points searched.
 * https://docs.caltrack.org/en/latest/methods.html (sections 3.2 to 3.4); docs/analysis.md says where we differ.
 */

/** A stretch of time of which energy and the temperatures of its days are known. */
export interface WeatherObservation {
  /** Mean energy of its days, kWh. */
  readonly kwhPerDay: number;
  /** Mean temperature of each of its days, °C: one for daily data, about thirty for a bill. */
  readonly celsius: readonly number[];
}

/** How energy answers to temperature on one side of a balance point. */
export interface WeatherSlope {
  /** Mean day temperature at which heating (or cooling) begins, °C. */
  readonly balanceC: number;
  /** kWh a day for each degree beyond it. */
  readonly kwhPerDegreeDay: number;
}

export interface WeatherModel {
  /** Energy a day that the weather does not change, kWh. */
  readonly baseKwhPerDay: number;
  readonly heating?: WeatherSlope;
  readonly cooling?: WeatherSlope;
  /** Days, or bills. */
  readonly observations: number;
  readonly adjustedR2: number;
  /** Root of the mean squared residual (n − p in the denominator), kWh a day. */
  readonly rmseKwh: number;
  /** {@link rmseKwh} over the mean: below 0.3 is a good daily model, below 0.15 a good monthly one. */
  readonly cvrmse: number;
  /** Mean residual over the mean. */
  readonly nmbe: number;
}

/** Degree days of one day. */
export const heatingDegrees = (celsius: number, balanceC: number): number => Math.max(0, balanceC - celsius);
export const coolingDegrees = (celsius: number, balanceC: number): number => Math.max(0, celsius - balanceC);

/** What a model expects of a day, kWh, apart for what is heating, cooling and everything else. */
export const expectedDay = (
  { baseKwhPerDay, heating, cooling }: WeatherModel,
  celsius: number,
): {
  readonly baseKwh: number;
  readonly heatingKwh: number;
  readonly coolingKwh: number;
  readonly totalKwh: number;
} => {
  const heatingKwh = heating === undefined ? 0 : heating.kwhPerDegreeDay * heatingDegrees(celsius, heating.balanceC);
  const coolingKwh = cooling === undefined ? 0 : cooling.kwhPerDegreeDay * coolingDegrees(celsius, cooling.balanceC);
  return { baseKwh: baseKwhPerDay, heatingKwh, coolingKwh, totalKwh: baseKwhPerDay + heatingKwh + coolingKwh };
};

const celsiusOf = (fahrenheit: number): number => ((fahrenheit - 32) * 5) / 9;
/** CalTRACK 3.2.1: 30 to 90 °F. Its step is at most 3 °F; ours is 1 °F. */
const balancePoints = Array.from({ length: 61 }, (_, i) => celsiusOf(30 + i));
/** CalTRACK 3.2.3: at least 20 degree days (in °F) in all. */
const fewestDegreeDays = (20 * 5) / 9;
/** CalTRACK 3.2.3, daily data: at least ten days with any. */
const fewestDegreeDaysDaily = 10;

/** Weighted sums of one column of degree days. */
interface Column {
  readonly balanceC: number;
  readonly x: Float64Array;
  /** Weight × degree days. */
  readonly weighted: Float64Array;
  /** Weighted mean, and weighted sums of squares and products about the means. */
  readonly mean: number;
  readonly xx: number;
  readonly xy: number;
}

interface Candidate {
  readonly base: number;
  readonly heating?: WeatherSlope;
  readonly cooling?: WeatherSlope;
  readonly adjustedR2: number;
}

/**
 * Fits the model: ordinary least squares for days, least squares weighted by days for bills. Of the candidates
 * (heating and cooling, heating, cooling, neither) with positive slopes and base, the one with the highest adjusted R².
 * @returns undefined with fewer than 3 observations
 */
export const fitWeatherModel = (observations: readonly WeatherObservation[]): WeatherModel | undefined => {
  const n = observations.length;
  if (n < 3) return undefined;
  const weights = Float64Array.from(observations, ({ celsius }) => celsius.length);
  const y = Float64Array.from(observations, ({ kwhPerDay }) => kwhPerDay);
  const totalWeight = weights.reduce((sum, weight) => sum + weight, 0);
  const meanY = weights.reduce((sum, weight, i) => sum + weight * (y[i] ?? 0), 0) / totalWeight;
  let yy = 0;
  for (let i = 0; i < n; i += 1) yy += (weights[i] ?? 0) * ((y[i] ?? 0) - meanY) ** 2;
  const daily = observations.every(({ celsius }) => celsius.length === 1);

  const column = (degrees: (celsius: number, balanceC: number) => number, balanceC: number): Column | undefined => {
    const x = new Float64Array(n);
    let [sum, days] = [0, 0];
    observations.forEach(({ celsius }, i) => {
      let total = 0;
      for (const day of celsius) total += degrees(day, balanceC);
      x[i] = total / celsius.length;
      sum += total;
      if (total > 0) days += 1;
    });
    if (sum < fewestDegreeDays || (daily && days < fewestDegreeDaysDaily)) return undefined;
    const mean = sum / totalWeight;
    let [xx, xy] = [0, 0];
    for (let i = 0; i < n; i += 1) {
      const deviation = (x[i] ?? 0) - mean;
      const weighted = (weights[i] ?? 0) * deviation;
      xx += weighted * deviation;
      xy += weighted * ((y[i] ?? 0) - meanY);
    }
    return xx > 0 ? { balanceC, x, weighted: x.map((value, i) => value * (weights[i] ?? 0)), mean, xx, xy } : undefined;
  };
  const columns = (degrees: (celsius: number, balanceC: number) => number): Column[] =>
    balancePoints.flatMap((balanceC) => column(degrees, balanceC) ?? []);
  const heatingColumns = columns(heatingDegrees);
  const coolingColumns = columns(coolingDegrees);

  const adjusted = (explained: number, slopes: number): number =>
    yy === 0 || n - slopes - 1 <= 0 ? 0 : 1 - ((1 - explained / yy) * (n - 1)) / (n - slopes - 1);
  let best: Candidate = { base: meanY, adjustedR2: 0 };
  const consider = (candidate: Candidate): void => {
    if (candidate.base > 0 && candidate.adjustedR2 > best.adjustedR2) best = candidate;
  };

  for (const [side, list] of [
    ['heating', heatingColumns],
    ['cooling', coolingColumns],
  ] as const)
    for (const { balanceC, mean, xx, xy } of list) {
      const slope = xy / xx;
      if (slope <= 0) continue;
      const adjustedR2 = adjusted(slope * xy, 1);
      if (adjustedR2 > best.adjustedR2)
        consider({ base: meanY - slope * mean, adjustedR2, [side]: { balanceC, kwhPerDegreeDay: slope } });
    }
  for (const heating of heatingColumns)
    for (const cooling of coolingColumns) {
      if (cooling.balanceC < heating.balanceC) continue;
      let products = 0;
      const [hx, cx] = [heating.weighted, cooling.x];
      for (let i = 0; i < n; i += 1) products += (hx[i] ?? 0) * (cx[i] ?? 0);
      const hc = products - totalWeight * heating.mean * cooling.mean;
      const determinant = heating.xx * cooling.xx - hc * hc;
      if (determinant <= 1e-9 * heating.xx * cooling.xx) continue;
      const heatingSlope = (heating.xy * cooling.xx - cooling.xy * hc) / determinant;
      const coolingSlope = (cooling.xy * heating.xx - heating.xy * hc) / determinant;
      if (heatingSlope <= 0 || coolingSlope <= 0) continue;
      const adjustedR2 = adjusted(heatingSlope * heating.xy + coolingSlope * cooling.xy, 2);
      if (adjustedR2 > best.adjustedR2)
        consider({
          base: meanY - heatingSlope * heating.mean - coolingSlope * cooling.mean,
          adjustedR2,
          heating: { balanceC: heating.balanceC, kwhPerDegreeDay: heatingSlope },
          cooling: { balanceC: cooling.balanceC, kwhPerDegreeDay: coolingSlope },
        });
    }
  return qualityOf(best, observations);
};

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

/** What a model expects of an observation, kWh a day. */
export const expectedPerDay = (model: WeatherModel, { celsius }: WeatherObservation): number =>
  mean(celsius.map((day) => expectedDay(model, day).totalKwh));

const qualityOf = (candidate: Candidate, observations: readonly WeatherObservation[]): WeatherModel => {
  const { base, heating, cooling, adjustedR2 } = candidate;
  const parameters = 1 + (heating === undefined ? 0 : 1) + (cooling === undefined ? 0 : 1);
  const model = {
    baseKwhPerDay: base,
    ...(heating !== undefined && { heating }),
    ...(cooling !== undefined && { cooling }),
    observations: observations.length,
    adjustedR2,
    rmseKwh: 0,
    cvrmse: 0,
    nmbe: 0,
  };
  const residuals = observations.map((observation) => expectedPerDay(model, observation) - observation.kwhPerDay);
  const squares = residuals.reduce((sum, residual) => sum + residual * residual, 0);
  const rmseKwh = Math.sqrt(squares / Math.max(1, observations.length - parameters));
  const meanKwh = mean(observations.map(({ kwhPerDay }) => kwhPerDay));
  return { ...model, rmseKwh, cvrmse: rmseKwh / meanKwh, nmbe: mean(residuals) / meanKwh };
};

/** How well a model fits, by CVRMSE: ASHRAE Guideline 14 asks 15 % of monthly models; 30 % we also ask of daily ones. */
export type FitGrade = 'good' | 'fair' | 'weak';

export const gradeOf = ({ cvrmse, nmbe }: WeatherModel, data: 'daily' | 'billing'): FitGrade => {
  const limit = data === 'daily' ? 0.3 : 0.15;
  if (cvrmse <= limit && Math.abs(nmbe) <= 0.05) return 'good';
  return cvrmse <= 2 * limit ? 'fair' : 'weak';
};

/**
 * Energy avoided over a reporting period, kWh: Σ days × (expected of the baseline's model − used), CalTRACK 3.6.1.
 * Positive is a saving.
 */
export const avoidedKwh = (baseline: WeatherModel, reporting: readonly WeatherObservation[]): number =>
  reporting.reduce(
    (sum, observation) =>
      sum + observation.celsius.length * (expectedPerDay(baseline, observation) - observation.kwhPerDay),
    0,
  );
