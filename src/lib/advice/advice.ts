/**
 * Ranked advice from a home's own figures. Each rule looks for one cause, estimates what acting on it may save in a
 * year, and names the figure that triggered it. Nothing here concerns health, medical devices or a colder home.
 */
import { scoredAdvice, type AdviceScores, type ScoredAdvice } from '../../protocol/advice-model.ts';
import type { FeatureName } from '../../protocol/features.ts';
import type { HomeFigures } from '../usage/home-figures.ts';
import { adviceTexts, type AdviceFacts, type AdviceId, type AdviceText } from './texts.ts';
import * as typical from './typical.ts';
import { unusualness, type Typical } from './typical.ts';

export type Confidence = 'high' | 'medium' | 'low';

/** A home's place in its community for one figure of the month; `ComparedFigure` of the community has these fields. */
export interface ComparedPlace {
  readonly name: FeatureName;
  /** 0 (lowest tenth) to 9 (highest); null where it is not known. */
  readonly rank: number | null;
}

export interface AdviceOptions {
  /** Import price, in whole units of the currency per kWh. */
  readonly price?: {
    readonly perKwh: number;
    /** ISO 4217 code. */
    readonly currency: string;
    /** Mean price of each local clock hour where it changes through the day. */
    readonly byHour?: readonly number[];
  };
  readonly comparison?: { readonly homes: number; readonly figures: readonly ComparedPlace[] };
  /** What the community's advice model scored under encryption: 0..3 by what there is to gain among its homes. */
  readonly scores?: AdviceScores;
  /** Heating and cooling of a usual year where a weather model tells them; in place of the seasons' estimate. */
  readonly weather?: { readonly heatingKwh: number; readonly coolingKwh: number };
  /** Energy given to the grid in a year, and what it earns. */
  readonly solar?: { readonly exportKwh: number; readonly exportPerKwh: number };
  /** A tariff that would have cost less with the same use. */
  readonly cheaperTariff?: { readonly name: string; readonly savingPerYear: number };
}

export interface AdviceItem extends AdviceText {
  readonly id: AdviceId;
  /** Energy that may be saved in a year, kWh; 0 where only the time or the tariff changes. */
  readonly kwhPerYear: number;
  /** Money in a year, whole units of the currency; undefined without a price. */
  readonly moneyPerYear: number | undefined;
  readonly currency: string | undefined;
  readonly confidence: Confidence;
}

interface Candidate {
  readonly id: AdviceId;
  readonly kwhPerYear: number;
  readonly moneyPerYear: number | undefined;
  /** How far the figure stands out: 0 usual, 1 high. */
  readonly standsOut: number;
  readonly facts: AdviceFacts;
  /** 0..3 where the community's model scored this advice. */
  readonly score: number | undefined;
  /** Energy that ranks an item which saves none, kWh a year. */
  readonly weightKwh?: number;
}

const yearDays = 365;
const weekendDays = (yearDays * 2) / 7;
/** Hours of the windows, as in the feature schema. */
const windows = { evening: [17, 21], night: [0, 5], midday: [10, 16] } as const;
/** Parts of the energy above the usual that acting may save; the texts say so as assumptions. */
const avoidable = { baseload: 0.2, night: 0.3, evening: 0.2, midday: 0.2, weekend: 0.2, cooling: 0.2, heating: 0.1 };
/** Home energy reports lowered use by 2 % on average (Allcott 2011). */
const generalSaving = 0.02;
/** Items below this many kWh a year are not worth a line. */
const leastKwh = 10;

/** Mean energy above the baseload by hour of day, Wh. */
const activityWh = ({ weekdayWh, weekendWh, baseloadW }: HomeFigures): number[] =>
  weekdayWh.map((wh, hour) => Math.max(0, (5 * wh + 2 * (weekendWh[hour] ?? wh)) / 7 - baseloadW));

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

class Advisor {
  readonly #home: HomeFigures;
  readonly #options: AdviceOptions;
  readonly #activityWh: readonly number[];
  readonly candidates: Candidate[] = [];

  constructor(home: HomeFigures, options: AdviceOptions) {
    this.#home = home;
    this.#options = options;
    this.#activityWh = activityWh(home);
    this.#baseload();
    this.#window('evening', 'eveningShare', typical.eveningActivity);
    if (!this.#isNightCheap()) this.#window('night', 'nightShare', typical.nightActivity);
    this.#cooling();
    this.#window('midday', 'middayShare', typical.middayActivity);
    this.#heating();
    this.#weekend();
    this.#peaks();
    this.#solar();
    this.#tariff();
    this.#overall();
  }

  get #price(): number | undefined {
    return this.#options.price?.perKwh;
  }

  #money(kwhPerYear: number): number | undefined {
    return this.#price === undefined ? undefined : kwhPerYear * this.#price;
  }

  #rank(name: FeatureName): number | null {
    return this.#options.comparison?.figures.find((figure) => figure.name === name)?.rank ?? null;
  }

  /** How far a value stands out among typical homes, and among the community's where its rank is known. */
  #standsOut(value: number, of: Typical, name: FeatureName | undefined): number {
    const amongTypical = unusualness(value, of);
    const rank = name === undefined ? null : this.#rank(name);
    if (rank === null) return amongTypical;
    return (amongTypical + Math.max(0, (rank - 4.5) / 1.5)) / 2;
  }

  #add(
    candidate: Omit<Candidate, 'moneyPerYear' | 'facts' | 'score'> & { moneyPerYear?: number | undefined },
    facts: Facts,
  ) {
    const { from, to, yearKwh } = this.#home;
    const { price, comparison, scores } = this.#options;
    const score = isScored(candidate.id) ? scores?.[candidate.id] : undefined;
    const rank = facts.feature === undefined ? null : this.#rank(facts.feature);
    this.candidates.push({
      moneyPerYear: this.#money(candidate.kwhPerYear),
      ...candidate,
      score,
      facts: {
        from,
        to,
        yearKwh,
        value: facts.value,
        usual: facts.usual,
        kwhPerYear: candidate.kwhPerYear,
        excessKwh: facts.excessKwh ?? candidate.kwhPerYear,
        avoidableShare: facts.avoidableShare ?? 1,
        perKwh: price?.perKwh,
        currency: price?.currency,
        ...(rank !== null && comparison !== undefined && { place: { rank, homes: comparison.homes } }),
        ...(facts.name !== undefined && { name: facts.name }),
        ...(score !== undefined && { score }),
      },
    });
  }

  #baseload() {
    const { baseloadW } = this.#home;
    const excessKwh = (baseloadW - typical.attainableBaseloadW) * 8.76;
    const kwhPerYear = excessKwh * avoidable.baseload;
    if (kwhPerYear < leastKwh) return;
    const standsOut = this.#standsOut(baseloadW, typical.baseload, 'baseloadW');
    this.#add(
      { id: 'baseload', kwhPerYear, standsOut },
      {
        value: baseloadW,
        usual: typical.attainableBaseloadW,
        excessKwh,
        avoidableShare: avoidable.baseload,
        feature: 'baseloadW',
      },
    );
  }

  /** Energy above the baseload within some hours, beyond the usual share of all such energy. */
  #window(id: 'evening' | 'night' | 'midday', feature: FeatureName, of: Typical) {
    const activity = sum(this.#activityWh);
    if (activity <= 0) return;
    const [from, until] = windows[id];
    const withinWh = sum(this.#activityWh.slice(from, until));
    const share = withinWh / activity;
    const excessKwh = ((withinWh - of.usual * activity) * yearDays) / 1000;
    const kwhPerYear = excessKwh * avoidable[id];
    if (kwhPerYear < leastKwh) return;
    const standsOut = this.#standsOut(share, of, feature);
    const shift = id === 'evening' ? this.#eveningPremium() : 0;
    this.#add(
      {
        id,
        kwhPerYear,
        standsOut,
        ...(this.#price !== undefined && { moneyPerYear: kwhPerYear * this.#price + kwhPerYear * shift }),
      },
      { value: share, usual: of.usual, excessKwh, avoidableShare: avoidable[id], feature },
    );
  }

  /** How much dearer the evening is than the day's mean price, per kWh. */
  #eveningPremium(): number {
    const { byHour } = this.#options.price ?? {};
    if (byHour === undefined) return 0;
    return Math.max(0, sum(byHour.slice(...windows.evening)) / 4 - sum(byHour) / 24);
  }

  /** Whether the night is meant to be used, as it costs clearly less. */
  #isNightCheap(): boolean {
    const { byHour } = this.#options.price ?? {};
    return byHour !== undefined && sum(byHour.slice(...windows.night)) / 5 < 0.9 * (sum(byHour) / 24);
  }

  #season(id: 'cooling' | 'heating', seasonKwh: number | undefined, of: Typical) {
    if (seasonKwh === undefined || this.#home.yearKwh <= 0) return;
    const share = seasonKwh / this.#home.yearKwh;
    const excessKwh = seasonKwh - of.usual * this.#home.yearKwh;
    const kwhPerYear = excessKwh * avoidable[id];
    if (kwhPerYear < leastKwh) return;
    this.#add(
      { id, kwhPerYear, standsOut: unusualness(share, of) },
      { value: share, usual: of.usual, excessKwh, avoidableShare: avoidable[id] },
    );
  }

  #cooling() {
    this.#season('cooling', this.#options.weather?.coolingKwh ?? this.#home.seasons?.warmKwh, typical.warmSeason);
  }

  #heating() {
    this.#season('heating', this.#options.weather?.heatingKwh ?? this.#home.seasons?.coldKwh, typical.coldSeason);
  }

  #weekend() {
    const weekdayKwh = sum(this.#home.weekdayWh) / 1000;
    const weekendKwh = sum(this.#home.weekendWh) / 1000;
    if (weekdayKwh <= 0) return;
    const excessKwh = (weekendKwh - typical.weekend.usual * weekdayKwh) * weekendDays;
    const kwhPerYear = excessKwh * avoidable.weekend;
    if (kwhPerYear < leastKwh) return;
    const ratio = weekendKwh / weekdayKwh;
    this.#add(
      { id: 'weekend', kwhPerYear, standsOut: this.#standsOut(ratio, typical.weekend, 'weekendRatio') },
      {
        value: ratio,
        usual: typical.weekend.usual,
        excessKwh,
        avoidableShare: avoidable.weekend,
        feature: 'weekendRatio',
      },
    );
  }

  #peaks() {
    const kw = this.#home.features.peakThreeHoursKw;
    const standsOut = this.#standsOut(kw, typical.highestHours, 'peakThreeHoursKw');
    if (standsOut <= 0) return;
    this.#add(
      { id: 'peaks', kwhPerYear: 0, moneyPerYear: undefined, standsOut, weightKwh: 1 },
      { value: kw, usual: typical.highestHours.usual, feature: 'peakThreeHoursKw' },
    );
  }

  /** Evening use moved into hours in which the home gives energy away. */
  #solar() {
    const { solar } = this.#options;
    if (solar === undefined) return;
    const eveningKwh = (sum(this.#activityWh.slice(...windows.evening)) * yearDays) / 1000;
    const kwhPerYear = Math.min(0.2 * solar.exportKwh, 0.3 * eveningKwh);
    if (kwhPerYear < leastKwh) return;
    const gain = this.#price === undefined ? undefined : this.#price - solar.exportPerKwh;
    if (gain !== undefined && gain <= 0) return;
    this.#add(
      { id: 'solar', kwhPerYear, standsOut: 1, moneyPerYear: gain === undefined ? undefined : gain * kwhPerYear },
      { value: solar.exportKwh, usual: eveningKwh, excessKwh: kwhPerYear },
    );
  }

  #tariff() {
    const { cheaperTariff, price } = this.#options;
    if (cheaperTariff === undefined || price === undefined || cheaperTariff.savingPerYear <= 0) return;
    const { name, savingPerYear } = cheaperTariff;
    this.#add(
      {
        id: 'tariff',
        kwhPerYear: 0,
        moneyPerYear: savingPerYear,
        standsOut: 1,
        weightKwh: savingPerYear / price.perKwh,
      },
      { value: savingPerYear, usual: 0, name },
    );
  }

  #overall() {
    const rank = this.#rank('meanDailyKwh');
    if (rank === null || rank < 7) return;
    const { yearKwh, features } = this.#home;
    const kwhPerYear = yearKwh * generalSaving;
    this.#add(
      { id: 'overall', kwhPerYear, standsOut: 0 },
      {
        value: features.meanDailyKwh,
        usual: 0,
        excessKwh: yearKwh,
        avoidableShare: generalSaving,
        feature: 'meanDailyKwh',
      },
    );
  }
}

/** What a rule found; the rest of the facts is the same for all. */
interface Facts {
  readonly value: number;
  readonly usual: number;
  readonly excessKwh?: number;
  readonly avoidableShare?: number;
  readonly feature?: FeatureName;
  readonly name?: string;
}

const isScored = (id: AdviceId): id is ScoredAdvice => scoredAdvice.some((scored) => scored === id);

/**
 * Rank of an item: what it may save, weighed by how far its figure stands out, and from half to twice by the score of the
 * community's model.
 */
const weightOf = ({ kwhPerYear, weightKwh, standsOut, score }: Candidate): number =>
  (weightKwh ?? kwhPerYear) * (0.25 + standsOut) * (score === undefined ? 1 : (scoreWeights[score] ?? 1));
/** By score 0..3: the model knows homes by eight ranks of a month, so that it moves an item but decides none. */
const scoreWeights = [0.5, 0.8, 1.25, 2];

const confidenceOf = ({ standsOut, id, score }: Candidate, { coversYear, wholeDays }: HomeFigures): Confidence => {
  if (id === 'tariff') return coversYear ? 'high' : 'medium';
  // Few readings, but the model knows whole years of homes that rank alike.
  if (wholeDays < 60) return score === 3 && standsOut > 0 ? 'medium' : 'low';
  if (standsOut >= 1) return coversYear ? 'high' : 'medium';
  return coversYear && standsOut > 0 ? 'medium' : 'low';
};

/**
 * Advice for a home, best first; never empty. A home in which nothing stands out is told so (`steady`).
 * Formulas and their sources: docs/analysis.md, "Advice".
 */
export const adviceFor = (home: HomeFigures, options: AdviceOptions = {}): AdviceItem[] => {
  const { candidates } = new Advisor(home, options);
  const items = candidates
    .sort((a, b) => weightOf(b) - weightOf(a))
    .map((candidate): AdviceItem => {
      const { id, kwhPerYear, moneyPerYear, facts } = candidate;
      const currency = options.price?.currency;
      const confidence = confidenceOf(candidate, home);
      return { id, kwhPerYear, moneyPerYear, currency, confidence, ...adviceTexts[id]({ ...facts, moneyPerYear }) };
    });
  if (items.length > 0) return items;
  const { from, to, yearKwh, wholeDays } = home;
  const facts: AdviceFacts = {
    from,
    to,
    yearKwh,
    value: home.baseloadW,
    usual: typical.attainableBaseloadW,
    kwhPerYear: 0,
    excessKwh: 0,
    avoidableShare: 0,
    perKwh: undefined,
    currency: undefined,
  };
  return [
    {
      id: 'steady',
      kwhPerYear: 0,
      moneyPerYear: undefined,
      currency: undefined,
      confidence: wholeDays < 60 ? 'low' : 'medium',
      ...adviceTexts.steady({ ...facts, moneyPerYear: undefined }),
    },
  ];
};
