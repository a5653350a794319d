import type { LoadProfiles } from '../../protocol/features.ts';
import type { Comparison } from './comparison.ts';

/**
 * How a home's mean day stands to that of the published profiles, minus 1: 0.1 is 10 % more. A week has five weekdays and
 * two days of weekend on both sides. Null where profiles are not published.
 */
export function dayAgainstProfiles({ own, profiles }: Pick<Comparison, 'own' | 'profiles'>): number | null {
  const theirs = profiles === null ? 0 : meanDayWh(profiles);
  return theirs > 0 ? meanDayWh(own) / theirs - 1 : null;
}

/** Energy of a mean day of these profiles, Wh: a week has five weekdays and two days of weekend. */
export const meanDayWh = ({ weekdayWh, weekendWh }: LoadProfiles): number => {
  const total = (hours: readonly number[]): number => hours.reduce((sum, hour) => sum + hour, 0);
  return (5 * total(weekdayWh) + 2 * total(weekendWh)) / 7;
};
