/** Interval lengths where a file tells only when intervals start or end. */

import type { Readings } from './readings.ts';

const calendarMonthSeconds = 28 * 86_400;

/**
 * Longest step that is usual in the file: at least 1 in 30 of all steps and at most four times the most frequent. A
 * longer distance is a gap.
 */
const longestUsualStep = (steps: Float64Array): number => {
  const counts = new Map<number, number>();
  for (const step of steps) if (step > 0) counts.set(step, (counts.get(step) ?? 0) + 1);
  let typical = 0;
  let typicalCount = 0;
  for (const [step, count] of counts)
    if (count > typicalCount || (count === typicalCount && step < typical)) [typical, typicalCount] = [step, count];
  // Months differ in length, and so do bills.
  if (typical >= calendarMonthSeconds) return typical * 1.6;
  let longest = typical;
  for (const [step, count] of counts)
    if (count > 1 && count * 30 >= steps.length && step > longest && step <= 4 * typical) longest = step;
  return longest;
};

/**
 * Gives readings in order the lengths their file leaves out (0): the distance to the next start (for intervals
 * stamped at their end: to the one before) if that is a usual step, else the step of the neighbour. Days may be
 * an hour shorter or longer. Readings stamped at their end come out with their start instead.
 * @param fallbackSeconds length when there is nothing to tell by
 */
export const withLengths = (readings: Readings, fallbackSeconds: number): Readings => {
  const { startMs, lengthSeconds } = readings;
  const count = startMs.length;
  const atEnd = readings.rule.edge === 'end';
  if (!atEnd && !lengthSeconds.includes(0)) return readings;
  const lengths = lengthSeconds.slice();
  if (lengths.includes(0)) {
    const steps = new Float64Array(Math.max(0, count - 1));
    for (let i = 0; i + 1 < count; i++) steps[i] = ((startMs[i + 1] ?? 0) - (startMs[i] ?? 0)) / 1000;
    const longest = longestUsualStep(steps) || fallbackSeconds;
    const tolerance = longest >= 82_800 && longest < calendarMonthSeconds ? 3600 : 0;
    const usual = (step: number | undefined): step is number =>
      step !== undefined && step > 0 && step <= longest + tolerance;
    let last = 0;
    for (let n = 0; n < count; n++) {
      const i = atEnd ? n : count - 1 - n;
      const step = atEnd ? steps[i - 1] : steps[i];
      const beyond = atEnd ? steps[i] : steps[i - 1];
      let length = lengths[i] ?? 0;
      if (length === 0) {
        length = usual(step) ? step : last || (usual(beyond) ? beyond : longest);
        // A lone double step between single ones is a missing reading, not a longer interval.
        if (usual(step) && usual(beyond) && last > 0 && step > 1.5 * last && beyond === last && step <= 2 * last)
          length = last;
        lengths[i] = length;
      }
      last = length;
    }
  }
  if (!atEnd) return { ...readings, lengthSeconds: lengths };
  const starts = startMs.map((end, i) => end - (lengths[i] ?? 0) * 1000);
  return { ...readings, rule: { ...readings.rule, edge: 'start' }, startMs: starts, lengthSeconds: lengths };
};
