import { formatHour, formatKwh } from '../ui/format.ts';

/** One curve over the hours of the day: mean or median energy in Wh in each of the 24 local hours. */
export interface HourCurve {
  readonly name: string;
  readonly kind: 'you' | 'others';
  readonly energyWh: readonly number[];
  /** Lower and upper edge of a band around the curve, Wh per hour. */
  readonly band?: { readonly name: string; readonly lowWh: readonly number[]; readonly highWh: readonly number[] };
}

const total = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);

/** The hour that starts the three busiest hours in a row. */
function busiestHour(values: readonly number[]): number {
  let best = 0;
  for (let hour = 1; hour < values.length - 2; hour += 1) {
    if (total(values.slice(hour, hour + 3)) > total(values.slice(best, best + 3))) best = hour;
  }
  return best;
}

const clock = (hour: number): string => `${String(hour % 24).padStart(2, '0')}:00`;

/** The profile in one sentence: the busiest and the quietest hours, and against the other curve when there is one. */
export function describeProfile(curves: readonly HourCurve[]): string {
  const [you, others] = [curves.find((curve) => curve.kind === 'you'), curves.find((curve) => curve.kind === 'others')];
  if (you === undefined || total(you.energyWh) === 0) return 'There are not enough readings for a load profile yet.';
  const busiest = busiestHour(you.energyWh);
  const quietest = you.energyWh.indexOf(Math.min(...you.energyWh));
  const [from, to, least] = [clock(busiest), clock(busiest + 3), clock(quietest)];
  if (others === undefined)
    return `You use most from ${from} to ${to} and least around ${least}, when ${formatKwh(you.energyWh[quietest] ?? 0)} an hour remains.`;
  const differences = you.energyWh.map((value, hour) => value - (others.energyWh[hour] ?? 0));
  const hour = differences.reduce(
    (best, value, index) => (Math.abs(value) > Math.abs(differences[best] ?? 0) ? index : best),
    0,
  );
  const difference = differences[hour] ?? 0;
  const gap = formatKwh(Math.abs(difference));
  const shape = `You use most from ${from} to ${to} and least around ${least}.`;
  return difference > 0
    ? `${shape} The largest gap is at ${formatHour(hour)}: ${gap} more than in the other curve (${others.name}).`
    : `${shape} The largest gap is at ${formatHour(hour)}: ${gap} less than in the other curve (${others.name}).`;
}
