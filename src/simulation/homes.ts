/**
 * Plausible homes without a data file: appliances, people's rhythm, heating by the (simulated) temperature, weekdays and
 * weekends, some with panels, a heat pump or an electric car. Any day of any home depends on (seed, index, day) alone.
 */
import { numberOfDay, startOfDayNumber } from '../lib/series/local-day.ts';
import { Quality, type ReadingSeries, type Register } from '../lib/series/types.ts';
import { dayLoad, fridgeMeanW, slotMs } from './day-load.ts';
import { drawTraits, type HomeTraits } from './traits.ts';
import { simulatedWeather } from './weather.ts';

export interface HomeOptions {
  readonly seed: number;
  readonly index: number;
  /** IANA time zone of the home. */
  readonly timeZone: string;
  /** First local day, `YYYY-MM-DD`. */
  readonly from: string;
  /** The local day after the last one (a month is `from: '2024-03-01', to: '2024-04-01'`). */
  readonly to: string;
  readonly stepSeconds: 300 | 900 | 1800 | 3600;
  /** Traits that are given instead of drawn: truths planted for a test, or a home for a demo. */
  readonly traits?: Partial<HomeTraits>;
  /** From this local day on the home uses `fraction` less of everything. */
  readonly saving?: { readonly from: string; readonly fraction: number };
}

export interface SimulatedHome {
  readonly import: ReadingSeries;
  /** Only of homes with panels. */
  readonly export?: ReadingSeries;
  readonly generation?: ReadingSeries;
  readonly traits: HomeTraits;
}

/** A register that counts in whole Wh by cumulative rounding, as a meter's display steps. */
class Meter {
  readonly series: ReadingSeries;
  #counted = 0;
  #shown = 0;

  constructor(register: Register, startMs: Float64Array, stepSeconds: number) {
    this.series = {
      register,
      unit: 'Wh',
      startMs,
      lengthSeconds: new Uint32Array(startMs.length).fill(stepSeconds),
      energyWh: new Int32Array(startMs.length),
      quality: new Uint8Array(startMs.length).fill(Quality.measured),
    };
  }

  /** Starts a day from nothing, so that a day's readings do not depend on those before. */
  reset(): void {
    this.#counted = 0;
    this.#shown = 0;
  }

  count(energyWh: number): void {
    this.#counted += energyWh;
  }

  read(interval: number): void {
    const total = Math.round(this.#counted);
    this.series.energyWh[interval] = total - this.#shown;
    this.#shown = total;
  }
}

/**
 * Readings of one simulated home.
 * @throws RangeError when a date or the zone is none, `to` is before `from`, or the planted baseload is below the
 * fridge's own mean.
 */
export const simulateHome = (options: HomeOptions): SimulatedHome => {
  const { seed, index, timeZone, stepSeconds, saving } = options;
  const traits = { ...drawTraits(seed, index), ...options.traits };
  if (traits.baseloadW < fridgeMeanW) throw new RangeError(`baseloadW: at least ${Math.ceil(fridgeMeanW)} W`);
  const firstDay = numberOfDay(options.from);
  const endDay = numberOfDay(options.to);
  const startMs = startOfDayNumber(firstDay, timeZone);
  const stepMs = stepSeconds * 1000;
  const length = Math.round((startOfDayNumber(endDay, timeZone) - startMs) / stepMs);
  if (length < 0) throw new RangeError(`to: ${options.to} is before ${options.from}`);
  const savingDay = saving === undefined ? Infinity : numberOfDay(saving.from);

  const weather = simulatedWeather(seed, timeZone);
  const starts = Float64Array.from({ length }, (_, interval) => startMs + interval * stepMs);
  const imported = new Meter('import', starts, stepSeconds);
  const exported = new Meter('export', starts, stepSeconds);
  const generated = new Meter('generation', starts, stepSeconds);
  const meters = [imported, exported, generated];
  const slotsPerStep = stepMs / slotMs;
  const slotHours = slotMs / 3_600_000;
  let interval = 0;
  let dayStartMs = startMs;
  for (let dayNumber = firstDay; dayNumber < endDay; dayNumber += 1) {
    const endMs = startOfDayNumber(dayNumber + 1, timeZone);
    const { loadW, solarW } = dayLoad(
      { seed, index, dayNumber, startMs: dayStartMs, endMs, timeZone },
      traits,
      weather,
    );
    const used = saving !== undefined && dayNumber >= savingDay ? 1 - saving.fraction : 1;
    for (const meter of meters) meter.reset();
    for (let slot = 0; slot < loadW.length; slot += 1) {
      const solar = solarW[slot] ?? 0;
      const netW = (loadW[slot] ?? 0) * used - solar;
      (netW > 0 ? imported : exported).count(Math.abs(netW) * slotHours);
      generated.count(solar * slotHours);
      if ((slot + 1) % slotsPerStep === 0) {
        for (const meter of meters) meter.read(interval);
        interval += 1;
      }
    }
    dayStartMs = endMs;
  }
  return {
    import: imported.series,
    traits,
    ...(traits.solarKwp > 0 && { export: exported.series, generation: generated.series }),
  };
};
