/** Every word of the advice, in one place. */

import { numberFormat, withUnit } from '../../locales/formats.ts';

export const adviceIds = [
  'baseload',
  'night',
  'evening',
  'midday',
  'weekend',
  'cooling',
  'heating',
  'peaks',
  'solar',
  'tariff',
  'overall',
  'steady',
] as const;
export type AdviceId = (typeof adviceIds)[number];

/** Short names, for lists. */
export const adviceNames: Readonly<Record<AdviceId, string>> = {
  baseload: 'Less always on',
  night: 'Less at night',
  evening: 'Lighter evenings',
  midday: 'Less at midday',
  weekend: 'Planned weekends',
  cooling: 'Shade before cooling',
  heating: 'Heating set up well',
  peaks: 'One appliance after another',
  solar: 'More of your own sun',
  tariff: 'Another tariff',
  overall: 'A little less of everything',
  steady: 'Something else',
};

export const isAdviceId = (id: string): id is AdviceId => id in adviceNames;

/** What the texts may say. */
export interface AdviceFacts {
  /** Local days the figures are of, `YYYY-MM-DD`. */
  readonly from: string;
  readonly to: string;
  readonly yearKwh: number;
  /** The figure that triggered the advice, and what it is set beside. */
  readonly value: number;
  readonly usual: number;
  readonly kwhPerYear: number;
  /** Energy above the usual, kWh a year, and the part of it that acting may save. */
  readonly excessKwh: number;
  readonly avoidableShare: number;
  readonly perKwh: number | undefined;
  readonly currency: string | undefined;
  readonly moneyPerYear?: number | undefined;
  /** Place among the community's homes: 0 lowest tenth to 9 highest. */
  readonly place?: { readonly rank: number; readonly homes: number };
  /** Name of a tariff. */
  readonly name?: string;
  /** Score of the community's advice model, 0..3. */
  readonly score?: number;
}

export interface AdviceText {
  readonly title: string;
  /** What to do and what it may bring. */
  readonly sentence: string;
  /** First steps, easiest first. */
  readonly steps: readonly string[];
  /** The figure that triggered it. */
  readonly evidence: {
    readonly figure: string;
    readonly value: string;
    readonly usual: string;
    readonly from: string;
    readonly to: string;
    readonly compared?: string;
    /** What the community's advice model found under encryption. */
    readonly scored?: string;
  };
  /** How it is worked out: formula, the home's own numbers in it, what is assumed, and where that comes from. */
  readonly how: {
    readonly formula: string;
    readonly worked: string;
    readonly assumption: string;
    readonly source: string;
  };
}

const whole = (value: number): string => numberFormat({ maximumFractionDigits: 0 }).format(value);
const two = (value: number): string =>
  numberFormat({ minimumFractionDigits: 2, maximumFractionDigits: 2 }).format(value);
const percent = (share: number): string => numberFormat({ style: 'percent', maximumFractionDigits: 0 }).format(share);
const kwh = (value: number): string => withUnit(whole(value), 'kWh');
const watts = (value: number): string => withUnit(whole(value), 'W');
const kilowatts = (value: number): string => withUnit(two(value), 'kW');

const money = (value: number, currency: string): string =>
  numberFormat({ style: 'currency', currency, maximumFractionDigits: 0 }).format(value);

const realHomes =
  'Median of 66 real homes: 56 in the Netherlands (Liander, Zonnedael, 2013) and 10 in Australia (Smart Grid Smart City, 2012 to 2014).';

const gain = ({ kwhPerYear, moneyPerYear, currency }: AdviceFacts): string =>
  moneyPerYear === undefined || currency === undefined
    ? `about ${kwh(kwhPerYear)} a year`
    : `about ${kwh(kwhPerYear)} or ${money(moneyPerYear, currency)} a year`;

const compared = ({ place }: AdviceFacts): { compared: string } | object =>
  place === undefined
    ? {}
    : {
        compared:
          place.rank >= 5
            ? `Among ${whole(place.homes)} homes of your community you are in the highest ${percent((10 - place.rank) / 10)}.`
            : `Among ${whole(place.homes)} homes of your community you are in the lowest ${percent((place.rank + 1) / 10)}.`,
      };

const scoreTexts = [
  'Your community’s advice model, run under encryption, puts your home in the quarter with least to gain from this (score 0 of 3).',
  'Your community’s advice model, run under encryption, puts your home below the middle in what there is to gain from this (score 1 of 3).',
  'Your community’s advice model, run under encryption, puts your home above the middle in what there is to gain from this (score 2 of 3).',
  'Your community’s advice model, run under encryption, puts your home in the quarter with most to gain from this (score 3 of 3).',
] as const;

const scored = ({ score }: AdviceFacts): { scored: string } | object => {
  const text = score === undefined ? undefined : scoreTexts[score];
  return text === undefined ? {} : { scored: text };
};

const excessFormula = 'Saving = energy above the usual, in a year × the part that can be avoided';
const excessWorked = ({ excessKwh, avoidableShare, kwhPerYear }: AdviceFacts): string =>
  /* @wc-include */ `${kwh(excessKwh)} × ${percent(avoidableShare)} = ${kwh(kwhPerYear)} a year`;

const evidence = (
  facts: AdviceFacts,
  figure: string,
  value: string,
  usual: string,
): { evidence: AdviceText['evidence'] } => ({
  evidence: { figure, value, usual, from: facts.from, to: facts.to, ...compared(facts), ...scored(facts) },
});

const shareOfActivity = (name: string, hours: string, facts: AdviceFacts) => ({
  ...evidence(
    facts,
    `${name} share of what you use on top of your always-on power (${hours})`,
    percent(facts.value),
    `${percent(facts.usual)} is usual`,
  ),
  how: {
    formula: `Energy above the usual = (your share − usual share) × energy on top of the always-on power. ${excessFormula}.`,
    worked: excessWorked(facts),
    assumption: `That ${percent(facts.avoidableShare)} of it can be avoided is our assumption. It is a start for a try, not a promise.`,
    source: `Usual share: ${realHomes}`,
  },
});

/** The words for each advice. */
export const adviceTexts: Readonly<Record<AdviceId, (facts: AdviceFacts) => AdviceText>> = {
  baseload: (facts) => ({
    title: 'Find what is always on',
    sentence: `Even when nothing happens your home draws ${watts(facts.value)}. A fifth less of what lies above ${watts(facts.usual)} would save ${gain(facts)}.`,
    steps: [
      'Walk through the home late in the evening: which boxes are warm, which lights glow?',
      'Put screens, consoles and speakers on a switched power strip.',
      'Measure an old fridge, freezer or pump with a plug-in meter for a day.',
    ],
    ...evidence(facts, 'Always-on power', watts(facts.value), `a quarter of homes stay below ${watts(facts.usual)}`),
    how: {
      formula:
        'Saving = (always-on power − level of a quarter of homes) × 8.76 kWh a year per watt × the part that can be avoided',
      worked: `(${watts(facts.value)} − ${watts(facts.usual)}) × 8.76 × ${percent(facts.avoidableShare)} = ${kwh(facts.kwhPerYear)} a year`,
      assumption:
        'That a fifth of it can be avoided is our assumption: homes that were helped with it came 6.6% below their whole always-on power on average, some much more. Leave on what needs to be on, such as a fridge, alarms or anything you rely on.',
      source: `${watts(facts.usual)}: lower quartile of 66 real homes (Zonnedael 2013; Smart Grid Smart City 2012 to 2014). 6.6%: 1,239 homes in Mountain View, Home Energy Analytics; see also Delforge and others, Home Idle Load, NRDC 2015.`,
    },
  }),
  night: (facts) => ({
    title: 'Look at what runs at night',
    sentence: `Between midnight and 5:00 your home uses clearly more than its always-on power. If a timer or a programme can go, that saves ${gain(facts)}.`,
    steps: [
      'See in your load profile when it starts: a regular hour points to a timer.',
      'Check hot-water tank, floor heating, pumps, car charger and dryer programmes.',
      'If it is the car: charging when your own panels or a cheaper tariff deliver costs less.',
    ],
    ...shareOfActivity('Night', '0:00–5:00', facts),
  }),
  evening: (facts) => ({
    title: 'Lighten the evening',
    sentence: `From 17:00 to 21:00 you use more than homes usually do. Moving or trimming part of it saves ${gain(facts)}.`,
    steps: [
      'Start dishwasher, washing machine and dryer outside these hours; most have a delay button.',
      'Replace the lamps that burn longest with LED.',
      'Cook with a lid, and use the kettle for hot water.',
    ],
    ...shareOfActivity('Evening', '17:00–21:00', facts),
  }),
  midday: (facts) => ({
    title: 'Look at midday',
    sentence: `From 10:00 to 16:00 you use more than homes usually do. Trimming part of it saves ${gain(facts)}.`,
    steps: [
      'See in your load profile at which hour it rises, and what runs then.',
      'Check pumps, hot water and devices that stay on while nobody uses them.',
      'With own panels midday is the best time to use energy: then leave it as it is.',
    ],
    ...shareOfActivity('Midday', '10:00–16:00', facts),
  }),
  weekend: (facts) => ({
    title: 'Plan the weekend',
    sentence: `A weekend day takes ${two(facts.value)} times the energy of a weekday. Trimming part of the difference saves ${gain(facts)}.`,
    steps: [
      'Fill machines fully instead of running them twice.',
      'Dry laundry on the line when you can.',
      'Switch off what only the weekend switched on.',
    ],
    ...evidence(
      facts,
      'Weekend day against weekday',
      `${two(facts.value)} times`,
      `${two(facts.usual)} times is usual`,
    ),
    how: {
      formula: `Energy above the usual = (weekend day − ${two(facts.usual)} × weekday) × 104 days. ${excessFormula}.`,
      worked: excessWorked(facts),
      assumption: `That ${percent(facts.avoidableShare)} of it can be avoided is our assumption.`,
      source: `Usual ratio: ${realHomes}`,
    },
  }),
  cooling: (facts) => ({
    title: 'Keep the sun out before it heats the rooms',
    sentence: `The extra energy of your warm months is ${percent(facts.value)} of your whole year. Shade and air at the right time could save ${gain(facts)}.`,
    steps: [
      'Close blinds or shutters outside the glass before the sun comes round.',
      'Let cool night air through where that is safe.',
      'Clean the filters of the air conditioner and close doors to rooms nobody uses.',
    ],
    ...evidence(
      facts,
      'Extra energy in the warm months, share of the year',
      percent(facts.value),
      `${percent(facts.usual)} is usual`,
    ),
    how: {
      formula: `Extra energy = Σ over warm months of (mean day − mean day of the mildest quarter of months) × days. ${excessFormula}.`,
      worked: excessWorked(facts),
      assumption: `That ${percent(facts.avoidableShare)} of it can be avoided is our assumption. Stay comfortable: this is about waste, not about going without.`,
      source: 'Usual share: 10 Australian homes (Smart Grid Smart City, 2012 to 2014).',
    },
  }),
  heating: (facts) => ({
    title: 'Have the heating set up well',
    sentence: `The extra energy of your cold months is ${percent(facts.value)} of your whole year. A better set-up, at the same warmth, could save ${gain(facts)}.`,
    steps: [
      'Seal draughts around windows and doors, and keep radiators free.',
      'With a heat pump: ask your installer whether the flow temperature can be lower at the same room warmth.',
      'Check that heater, pump and hot-water timers fit the hours in which you are at home.',
    ],
    ...evidence(
      facts,
      'Extra energy in the cold months, share of the year',
      percent(facts.value),
      `${percent(facts.usual)} is usual`,
    ),
    how: {
      formula: `Extra energy = Σ over cold months of (mean day − mean day of the mildest quarter of months) × days. ${excessFormula}.`,
      worked: excessWorked(facts),
      assumption: `That ${percent(facts.avoidableShare)} of it can be avoided is our assumption. Keep your rooms as warm as you need them.`,
      source: 'Usual share: 10 Australian homes (Smart Grid Smart City, 2012 to 2014).',
    },
  }),
  peaks: (facts) => ({
    title: 'Run big appliances one after another',
    sentence: `Your three highest hours reach ${kilowatts(facts.value)}. Spreading oven, dryer and charger saves no energy, but eases the grid, and money where your contract charges for power.`,
    steps: [
      'Start the dryer when the oven is off.',
      'Let the car charge slower, over more hours.',
      'Ask your supplier whether your contract charges for the highest hours.',
    ],
    ...evidence(
      facts,
      'Mean of your three highest hours',
      kilowatts(facts.value),
      `${kilowatts(facts.usual)} is usual`,
    ),
    how: {
      formula: 'Mean power of the three hours with the highest use',
      worked: `${kilowatts(facts.value)} against ${kilowatts(facts.usual)}`,
      assumption: 'No saving is claimed: the energy is the same, only its time changes.',
      source: realHomes,
    },
  }),
  solar: (facts) => ({
    title: 'Use more of your own sun',
    sentence: `You gave ${kwh(facts.value)} a year to the grid and took energy back in the evening. Moving some use into the sunny hours spares you ${gain(facts)}.`,
    steps: [
      'Start washing machine and dishwasher around noon.',
      'Heat water and charge the car while the sun shines.',
      'Look at your load profile for the hours in which you export.',
    ],
    ...evidence(
      facts,
      'Energy given to the grid in a year',
      kwh(facts.value),
      `${kwh(facts.usual)} taken from 17:00 to 21:00 on top of the always-on power`,
    ),
    how: {
      formula:
        'Moved energy = the smaller of 20% of what you export and 30% of what you use in the evening; its worth = your price − what export earns',
      worked: `${kwh(facts.kwhPerYear)} a year`,
      assumption: 'How much can be moved is our assumption; it depends on which machines you have.',
      source: 'Your own meter and tariff.',
    },
  }),
  tariff: (facts) => ({
    title: `Compare your tariff with ${facts.name ?? 'another'}`,
    sentence: `With the same use, ${facts.name ?? 'another tariff'} would have cost you about ${money(facts.value, facts.currency ?? 'EUR')} less in a year.`,
    steps: ['Check the end of your contract and the fees of changing.', 'Compare with current offers: prices change.'],
    ...evidence(
      facts,
      'Cost of the same year under both tariffs',
      `${money(facts.value, facts.currency ?? 'EUR')} less`,
      'the tariffs you entered',
    ),
    how: {
      formula: 'Σ energy of each interval × price valid at that time + standing charge × days, for both tariffs',
      worked: `Difference: ${money(facts.value, facts.currency ?? 'EUR')} a year`,
      assumption: 'You would use the same energy at the same times.',
      source: 'Your own meter and the tariffs you entered.',
    },
  }),
  overall: (facts) => ({
    title: 'Use a little less of everything',
    sentence: `No single cause stands out, but you use more than most homes of your community. Homes that follow their use save about 2%, for you ${gain(facts)}.`,
    steps: [
      'Look at this app once a month.',
      'Pick one appliance a week and see what it takes.',
      'Check the days that stand out in your trends.',
    ],
    ...evidence(facts, 'Energy a day', withUnit(two(facts.value), 'kWh'), 'set beside your community'),
    how: {
      formula: 'Saving = energy of a year × 2%',
      worked: `${kwh(facts.yearKwh)} × ${percent(facts.avoidableShare)} = ${kwh(facts.kwhPerYear)} a year`,
      assumption: '2% is the mean of large trials in the United States; single homes differ.',
      source: 'Allcott, Social norms and energy conservation, Journal of Public Economics 95 (2011), 1082–1095.',
    },
  }),
  steady: (facts) => ({
    title: 'Nothing stands out',
    sentence:
      'Your always-on power, evenings, nights and weekends are all within what is usual. Well done; keep an eye on it.',
    steps: ['Look again next month, or after you bought something new.'],
    ...evidence(facts, 'Always-on power', watts(facts.value), `a quarter of homes stay below ${watts(facts.usual)}`),
    how: {
      formula: 'Every rule was tried; none found more than 10 kWh a year to save',
      worked: 'No rule applies',
      assumption: 'What is usual comes from real homes that may differ from yours.',
      source: realHomes,
    },
  }),
};
