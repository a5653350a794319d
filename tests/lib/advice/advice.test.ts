import { describe, expect, it } from 'vitest';
import { adviceFor, type AdviceOptions } from '../../../src/lib/advice/advice.ts';
import { adviceIds, adviceTexts, type AdviceFacts } from '../../../src/lib/advice/texts.ts';
import { homeFigures, type HomeFigures } from '../../../src/lib/usage/home-figures.ts';
import { hourTable, isWeekend } from '../../../src/lib/usage/hour-table.ts';
import { simulateHome } from '../../../src/simulation/homes.ts';
import type { HomeTraits } from '../../../src/simulation/traits.ts';
import { seriesOf, zone } from '../usage/series.ts';

/** A home in which no cause is planted; each cause is then added to it. */
const plain: Partial<HomeTraits> = {
  occupants: 2,
  homeByDay: true,
  wakeHour: 6.5,
  returnHour: 17,
  sleepHour: 23,
  baseloadW: 90,
  eveningW: 120,
  electricCooking: false,
  dishwasher: false,
  tumbleDryer: false,
  hotWater: 'none',
  heating: 'none',
  heatLossWPerK: 0,
  coolingWPerK: 0,
  carKwhPerWeek: 0,
  solarKwp: 0,
};

const figuresOf = (index: number, traits: Partial<HomeTraits> = {}): HomeFigures => {
  const home = simulateHome({
    seed: 11,
    index,
    timeZone: zone,
    from: '2023-01-01',
    to: '2024-01-01',
    stepSeconds: 3600,
    traits: { ...plain, ...traits },
  });
  const figures = homeFigures(hourTable(home.import, zone));
  if (figures === undefined) throw new Error('no figures');
  return figures;
};

const first = (figures: HomeFigures, options?: AdviceOptions) => adviceFor(figures, options)[0]?.id;

describe('a planted cause brings the right first advice', () => {
  const homes = [0, 1, 2, 3, 4, 5, 6, 7];
  const causes: [string, Partial<HomeTraits>][] = [
    ['baseload', { baseloadW: 380 }],
    ['evening', { eveningW: 1400, homeByDay: false, electricCooking: true }],
    ['night', { hotWater: 'night', occupants: 4 }],
    ['night', { carKwhPerWeek: 60, chargesAtNight: true }],
    ['evening', { carKwhPerWeek: 60, chargesAtNight: false, homeByDay: false, chargerKw: 3.7 }],
    ['cooling', { coolingWPerK: 3000 }],
    ['heating', { heating: 'resistive', heatLossWPerK: 120 }],
  ];
  it.each(causes)('%s: %o', (id, traits) => {
    expect(homes.map((index) => first(figuresOf(index, traits)))).toEqual(homes.map(() => id));
  });

  it('weekend, midday: hours made by rule', () => {
    const flat = (extra: (hour: number, weekend: boolean) => number) => {
      const series = seriesOf('2023-01-01', '2024-01-01', 3600, ({ dayNumber, hour }) => {
        const activity =
          hour >= 17 && hour < 21 ? 290 : hour >= 10 && hour < 16 ? 170 : hour >= 7 && hour < 23 ? 220 : 0;
        return 80 + activity + extra(hour, isWeekend(dayNumber));
      });
      const figures = homeFigures(hourTable(series, zone));
      if (figures === undefined) throw new Error('no figures');
      return figures;
    };
    expect(first(flat(() => 0))).toBe('steady');
    expect(first(flat((hour, weekend) => (weekend && hour >= 8 && hour < 22 ? 400 : 0)))).toBe('weekend');
    expect(first(flat((hour) => (hour >= 10 && hour < 16 ? 900 : 0)))).toBe('midday');
  });
});

describe('adviceFor', () => {
  const base = figuresOf(1, { baseloadW: 300 });

  it('says what the formula gives: a fifth of what lies above 85 W', () => {
    const [item] = adviceFor(base, { price: { perKwh: 0.3, currency: 'EUR' } });
    const kwh = (base.baseloadW - 85) * 8.76 * 0.2;
    expect(item?.id).toBe('baseload');
    expect(item?.kwhPerYear).toBeCloseTo(kwh, 6);
    expect(item?.moneyPerYear).toBeCloseTo(kwh * 0.3, 6);
    expect(item?.confidence).toBe('high');
    expect(item?.evidence).toMatchObject({ from: '2023-01-01', to: '2023-12-31' });
  });

  it('claims no money without a price', () => {
    expect(adviceFor(base).every((item) => item.moneyPerYear === undefined)).toBe(true);
  });

  it('uses the comparison: a high rank raises, a low one lowers', () => {
    const home = figuresOf(2, { baseloadW: 135, eveningW: 420, homeByDay: false });
    const place = (baseload: number, evening: number): AdviceOptions => ({
      comparison: {
        homes: 40,
        figures: [
          { name: 'baseloadW', rank: baseload },
          { name: 'eveningShare', rank: evening },
        ],
      },
    });
    const weight = (options: AdviceOptions) => adviceFor(home, options).findIndex((item) => item.id === 'baseload');
    expect(weight(place(9, 0))).toBeLessThan(weight(place(0, 9)));
    expect(adviceFor(home, place(9, 0)).find((item) => item.id === 'baseload')?.evidence.compared).toContain('40');
  });

  it('uses the scores of the community’s model, and leaves evidence and saving as they are', () => {
    const home = figuresOf(2, { baseloadW: 135, eveningW: 420, homeByDay: false });
    const scored = (baseload: number, evening: number) =>
      adviceFor(home, { scores: { baseload, evening, night: 0, heating: 0 } });
    const at = (items: ReturnType<typeof scored>, id: string) => items.findIndex((item) => item.id === id);
    const [up, down] = [scored(3, 0), scored(0, 3)];
    expect(at(up, 'baseload')).toBeLessThan(at(up, 'evening'));
    expect(at(down, 'evening')).toBeLessThan(at(down, 'baseload'));
    const plainly = adviceFor(home);
    for (const items of [up, down]) {
      expect(items.map(({ id, kwhPerYear }) => [id, kwhPerYear]).sort()).toEqual(
        plainly.map(({ id, kwhPerYear }) => [id, kwhPerYear]).sort(),
      );
    }
    expect(up[at(up, 'baseload')]?.evidence.scored).toContain('3 of 3');
    expect(down[at(down, 'baseload')]?.evidence.scored).toContain('0 of 3');
    expect(plainly[0]?.evidence.scored).toBeUndefined();
  });

  it('does not call a cheap night a fault', () => {
    const home = figuresOf(3, { hotWater: 'night', occupants: 4 });
    const byHour = Array.from({ length: 24 }, (_, hour) => (hour < 7 ? 0.15 : 0.32));
    const ids = adviceFor(home, { price: { perKwh: 0.27, currency: 'EUR', byHour } }).map((item) => item.id);
    expect(ids).not.toContain('night');
  });

  it('puts a much cheaper tariff and own sun among the items, with their money', () => {
    const items = adviceFor(figuresOf(4, { eveningW: 600 }), {
      price: { perKwh: 0.3, currency: 'EUR' },
      solar: { exportKwh: 1500, exportPerKwh: 0.05 },
      cheaperTariff: { name: 'Night Saver', savingPerYear: 240 },
    });
    expect(items[0]?.id).toBe('tariff');
    expect(items[0]?.title).toContain('Night Saver');
    const solar = items.find((item) => item.id === 'solar');
    expect(solar?.moneyPerYear).toBeCloseTo((solar?.kwhPerYear ?? 0) * 0.25, 6);
  });

  it('says less firmly what a few weeks show', () => {
    const month = simulateHome({
      seed: 11,
      index: 1,
      timeZone: zone,
      from: '2023-03-01',
      to: '2023-04-01',
      stepSeconds: 3600,
      traits: { ...plain, baseloadW: 300 },
    });
    const figures = homeFigures(hourTable(month.import, zone));
    expect(figures?.coversYear).toBe(false);
    expect(figures && adviceFor(figures)[0]?.confidence).toBe('low');
  });
});

describe('the texts', () => {
  const facts: AdviceFacts = {
    from: '2023-01-01',
    to: '2023-12-31',
    yearKwh: 3000,
    value: 1.5,
    usual: 1,
    kwhPerYear: 100,
    excessKwh: 500,
    avoidableShare: 0.2,
    perKwh: 0.3,
    currency: 'EUR',
    moneyPerYear: 30,
    place: { rank: 8, homes: 40 },
    name: 'Flat',
  };
  it.each(adviceIds)('%s explains itself and never advises on health, medical devices or going cold', (id) => {
    const text = adviceTexts[id](facts);
    const words = JSON.stringify(text);
    expect(words).not.toMatch(
      /medic|health|oxygen|dialysis|illness|turn (the )?heating (down|off)|colder|NaN|undefined/i,
    );
    for (const part of [text.title, text.sentence, ...Object.values(text.how)]) expect(part.length).toBeGreaterThan(5);
    expect(text.steps.length).toBeGreaterThan(0);
  });
});
