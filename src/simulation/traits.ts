/** What a simulated home is like: drawn once per (seed, home), then steady. */
import { Random } from './random.ts';

export interface HomeTraits {
  readonly occupants: number;
  /** Whether somebody is at home on working days. */
  readonly homeByDay: boolean;
  readonly wakeHour: number;
  readonly returnHour: number;
  readonly sleepHour: number;
  /** All that never sleeps, the fridge's mean included, W. */
  readonly baseloadW: number;
  /** Lights and screens while people are up, W. */
  readonly eveningW: number;
  readonly electricCooking: boolean;
  readonly dishwasher: boolean;
  readonly tumbleDryer: boolean;
  /** Electric hot-water tank and when it is heated. */
  readonly hotWater: 'none' | 'morning' | 'night';
  readonly heating: 'none' | 'resistive' | 'heat-pump';
  /** Heat lost per kelvin below {@link heatingBalanceC}, W/K (0 without electric heating). */
  readonly heatLossWPerK: number;
  readonly heatingBalanceC: number;
  /** Electric power of cooling per kelvin above 22 °C, W/K (0 without). */
  readonly coolingWPerK: number;
  /** Electric car: energy charged a week (0 without one), charger power, and start. */
  readonly carKwhPerWeek: number;
  readonly chargerKw: number;
  readonly chargesAtNight: boolean;
  readonly solarKwp: number;
}

/** Traits of home `index`: a mix of flats and houses of a temperate country, about 1,500 to 12,000 kWh a year. */
export const drawTraits = (seed: number, index: number): HomeTraits => {
  const random = new Random(seed, index, 1);
  const occupants = random.weighted([
    [1, 30],
    [2, 34],
    [3, 16],
    [4, 14],
    [5, 6],
  ] as const);
  const heating = random.weighted([
    ['none', 74],
    ['heat-pump', 17],
    ['resistive', 9],
  ] as const);
  const heatLossWPerK =
    heating === 'none' ? 0 : heating === 'heat-pump' ? random.between(70, 190) : random.between(25, 70);
  return {
    occupants,
    homeByDay: random.chance(0.4),
    wakeHour: random.between(5.6, 8),
    returnHour: random.between(15.5, 18.8),
    sleepHour: random.between(21.8, 23.7),
    baseloadW: Math.round(Math.min(420, Math.max(55, 110 * Math.exp(random.normal(0, 0.45))))),
    eveningW: 60 + 45 * occupants + random.between(0, 140),
    electricCooking: random.chance(0.72),
    dishwasher: random.chance(0.62),
    tumbleDryer: random.chance(0.36),
    hotWater: random.weighted([
      ['none', 78],
      ['morning', 12],
      ['night', 10],
    ] as const),
    heating,
    heatLossWPerK,
    heatingBalanceC: random.between(13.5, 16.5),
    coolingWPerK: random.chance(0.16) ? random.between(60, 180) : 0,
    carKwhPerWeek: random.chance(0.17) ? random.between(20, 75) : 0,
    chargerKw: random.weighted([
      [2.3, 20],
      [3.7, 25],
      [7.4, 35],
      [11, 20],
    ] as const),
    chargesAtNight: random.chance(0.5),
    solarKwp: random.chance(0.2) ? random.between(2, 8) : 0,
  };
};
