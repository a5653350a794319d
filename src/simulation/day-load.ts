/** One local day of one simulated home, as mean power of each five minutes. */
import { offsetMsAt } from '../lib/series/local-day.ts';
import { Random, hashToUnit } from './random.ts';
import type { HomeTraits } from './traits.ts';
import type { Weather } from './weather.ts';

export const slotMs = 300_000;
const slotsPerHour = 3_600_000 / slotMs;
const slotMinutes = slotMs / 60_000;

/** The fridge, part of `baseloadW`: 110 W for a third of a cycle of 40 to 60 minutes, another each day. */
const fridge = { powerW: 110, share: 1 / 3 } as const;
export const fridgeMeanW = fridge.powerW * fridge.share;

export interface HomeDay {
  readonly seed: number;
  readonly index: number;
  readonly dayNumber: number;
  readonly startMs: number;
  readonly endMs: number;
  readonly timeZone: string;
}

/** Nobody at home: about one week in 25, and every fifth week of the summer months. */
const isAway = ({ seed, index, dayNumber }: HomeDay): boolean => {
  const week = Math.floor((dayNumber + 3) / 7);
  const month = new Date(dayNumber * 86_400_000).getUTCMonth();
  return hashToUnit(seed, index, 7, week) < (month === 6 || month === 7 ? 0.2 : 0.04);
};

/** Mean power of each five minutes of a day: what the home draws, and what its panels give. */
export const dayLoad = (
  day: HomeDay,
  traits: HomeTraits,
  weather: Weather,
): { readonly loadW: Float64Array; readonly solarW: Float64Array } => {
  const slots = Math.round((day.endMs - day.startMs) / slotMs);
  const loadW = new Float64Array(slots);
  const solarW = new Float64Array(slots);
  const random = new Random(day.seed, day.index, 2, day.dayNumber);
  const weekday = (((day.dayNumber + 4) % 7) + 7) % 7;
  const weekend = weekday === 0 || weekday === 6;
  const away = isAway(day);

  // On a day when clocks change, wall-clock hours after the change begin that much earlier or later.
  const firstOffset = offsetMsAt(day.startMs, day.timeZone);
  const wallHour = new Float64Array(slots);
  for (let slot = 0; slot < slots; slot += 1) {
    const ms = day.startMs + slot * slotMs;
    wallHour[slot] = (slot + (offsetMsAt(ms, day.timeZone) - firstOffset) / slotMs) / slotsPerHour;
  }
  const slotOfHour = (hour: number): number => {
    const found = wallHour.findIndex((start) => start > hour);
    return Math.max(0, (found < 0 ? slots : found) - 1);
  };
  /** Runs an appliance at a wall-clock hour for some minutes, ending by midnight. */
  const run = (hour: number, minutes: number, watts: number): void => {
    let slot = Math.max(0, Math.min(slotOfHour(hour), slots - Math.ceil(minutes / slotMinutes)));
    for (let rest = minutes; rest > 0 && slot < slots; rest -= slotMinutes, slot += 1)
      loadW[slot] = (loadW[slot] ?? 0) + (watts * Math.min(rest, slotMinutes)) / slotMinutes;
  };

  const wake = traits.wakeHour + (weekend ? random.between(0.7, 2) : 0) + random.normal(0, 0.2);
  const sleep = Math.min(23.9, traits.sleepHour + (weekend ? 0.5 : 0) + random.normal(0, 0.25));
  const dayAtHome = weekend ? random.chance(0.6) : traits.homeByDay;
  const back = dayAtHome ? wake : traits.returnHour + random.normal(0, 0.4);
  const leave = wake + 1.3;
  const eveningW = traits.eveningW * random.between(0.8, 1.2);

  const steadyW = traits.baseloadW - fridgeMeanW;
  const cycleMinutes = random.between(40, 60);
  const compressorMinutes = cycleMinutes * fridge.share;
  const phaseMinutes = random.between(0, cycleMinutes);
  const heaterOnC = traits.heatingBalanceC + random.normal(0, 0.5);
  let temperature = 0;
  for (let slot = 0; slot < slots; slot += 1) {
    const ms = day.startMs + slot * slotMs;
    if (slot % slotsPerHour === 0) temperature = weather.temperatureC(ms + 1_800_000);
    const hour = wallHour[slot] ?? 0;
    const from = (slot * slotMinutes + phaseMinutes) % cycleMinutes;
    const until = from + slotMinutes;
    const onMinutes =
      Math.min(until, compressorMinutes) - Math.min(from, compressorMinutes) + Math.max(0, until - cycleMinutes);
    let watts = steadyW + (fridge.powerW * onMinutes) / slotMinutes;
    const up = !away && hour >= wake && hour < sleep && (hour < leave || hour >= back);
    if (up) {
      const dusk = Math.min(1, Math.max(0, (hour - 15.5) / 3.5));
      watts += eveningW * (0.35 + 0.65 * dusk) * (0.75 + 0.5 * random.unit());
    }
    if (traits.heatLossWPerK > 0) {
      const setback = away ? 6 : hour < wake - 1 || hour >= sleep ? 2.5 : 0;
      const heatW = traits.heatLossWPerK * Math.max(0, heaterOnC - setback - temperature);
      const performance = traits.heating === 'heat-pump' ? Math.min(4.6, Math.max(1.8, 3.1 + 0.09 * temperature)) : 1;
      watts += heatW / performance;
    }
    if (up) watts += traits.coolingWPerK * Math.max(0, temperature - 22);
    loadW[slot] = watts;
    if (traits.solarKwp > 0)
      solarW[slot] = 1000 * traits.solarKwp * 0.85 * weather.sunshine(ms) * (0.85 + 0.3 * random.unit());
  }

  if (!away) {
    const people = traits.occupants;
    run(wake + 0.2, 4 + 2 * people, 2000); // kettle, toaster
    if (random.chance(0.35)) run(wake + 0.5, 6 * people, 900); // hair dryer and the like
    if (dayAtHome && random.chance(0.5)) run(random.between(12, 13.2), 18, traits.electricCooking ? 1600 : 400);
    if (random.chance(0.8))
      run(Math.max(back + 0.3, random.normal(18.4, 0.5)), random.between(22, 40), traits.electricCooking ? 2100 : 350);
    if (traits.dishwasher && random.chance(0.25 + 0.13 * people)) {
      const start = random.normal(20.3, 0.7);
      run(start, 25, 1900);
      run(start + 1, 12, 1900);
    }
    if (random.chance(Math.min(0.85, (weekend ? 0.3 : 0.12) * (people + 0.5)))) {
      const start = dayAtHome ? random.between(9, 16) : random.normal(18.8, 0.8);
      run(start, 22, 2000);
      run(start + 0.4, 60, 180);
      if (traits.tumbleDryer) run(start + 1.7, 60, 2100);
    }
    if (traits.hotWater !== 'none') {
      const minutes = (people * random.between(1.4, 2.2) * 60) / 2;
      run(traits.hotWater === 'night' ? 1 : wake, minutes, 2000);
    }
    if (traits.carKwhPerWeek > 0 && random.chance(3 / 7)) {
      const kwh = (traits.carKwhPerWeek / 3) * random.between(0.7, 1.3);
      run(traits.chargesAtNight ? 0.5 : back + 0.2, (60 * kwh) / traits.chargerKw, 1000 * traits.chargerKw);
    }
  }
  return { loadW, solarW };
};
