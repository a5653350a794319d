/** What is odd about finished readings: gaps, missing and estimated values, negatives, outliers, doubtful units. */

import { wallClockOf } from '../series/local-day.ts';
import { Quality } from '../series/types.ts';
import { minuteWords } from '../../locales/dates.ts';
import { numberFormat } from '../../locales/formats.ts';
import { plural } from '../../locales/plural.ts';
import { registerName, type FindingLog } from './finding-log.ts';
import { endMsOf, type Readings } from './readings.ts';

const number = (value: number, digits: number): string =>
  numberFormat({ minimumFractionDigits: digits, maximumFractionDigits: digits }).format(value);

const local = (ms: number, zone: string): string => minuteWords(wallClockOf(ms, zone));

const duration = (seconds: number): string => {
  if (seconds >= 172_800) return plural(Math.round(seconds / 86_400), ['# day', '# days']);
  if (seconds >= 7200) return plural(Math.round(seconds / 3600), ['# hour', '# hours']);
  return plural(Math.round(seconds / 60), ['# minute', '# minutes']);
};

const netMeter = (): string =>
  'The meter counts import less export, so it cannot tell how much was used; the values were kept apart as they are.';
const keptAsTheyAre = (): string => 'They were kept as they are.';

/** Mean power in W above which a home's meter is doubted, and below which it may be in the wrong unit. */
const highestMeanW = 50_000;
const lowestMeanW = 2;
/** Values this many times the second-highest percent are pointed out. */
const outlierFactor = 6;
/** More than this share of such values is how the home lives, not a slip. */
const outlierShare = 0.002;

/**
 * Mean power above which a value is far above all others: {@link outlierFactor} times the second-highest percent.
 * Infinity where that is beyond the highest value, which is nearly always so and seen without putting them in order.
 */
const outlierThreshold = (powers: Float64Array): number => {
  const place = Math.floor(0.98 * (powers.length - 1));
  let highest = 0;
  for (let i = 0; i < powers.length; i++) highest = Math.max(highest, powers[i] ?? 0);
  let near = 0;
  for (let i = 0; i < powers.length; i++) if (outlierFactor * (powers[i] ?? 0) >= highest) near++;
  if (near >= powers.length - place) return Infinity;
  return outlierFactor * (powers.slice().sort()[place] ?? 0);
};

/** Notes what is odd about the readings of one register (in order, with lengths, without overlaps). */
export const reportQuality = (readings: Readings, zone: string, findings: FindingLog): void => {
  const { rule, startMs, lengthSeconds, value, quality, row } = readings;
  const count = startMs.length;
  const name = `${registerName(rule.register)}${rule.label === undefined ? '' : ` (${rule.label})`}`;
  const topic = `${rule.register} ${rule.label ?? ''}`;

  let gaps = 0;
  let gapSeconds = 0;
  let longest = { ms: 0, seconds: 0 };
  for (let i = 1; i < count; i++) {
    const fromMs = endMsOf(readings, i - 1);
    const seconds = ((startMs[i] ?? 0) - fromMs) / 1000;
    if (seconds < 1) continue;
    gaps++;
    gapSeconds += seconds;
    if (seconds > longest.seconds) longest = { ms: fromMs, seconds };
    findings.note(
      'gap',
      gapSeconds > (0.02 * ((startMs[count - 1] ?? 0) - (startMs[0] ?? 0))) / 1000 ? 'warning' : 'info',
      () =>
        /* @wc-include */ `${name}: ${plural(gaps, ['# gap without readings', '# gaps without readings'])}, ${duration(gapSeconds)} in all; the longest begins ${local(longest.ms, zone)} (${duration(longest.seconds)}). Nothing was filled in.`,
      row[i] ?? 0,
      topic,
    );
  }

  const powers = new Float64Array(count);
  let known = 0;
  let negatives = 0;
  let seconds = 0;
  let sum = 0;
  for (let i = 0; i < count; i++) {
    if (quality[i] === Quality.missing) {
      findings.note(
        'missing',
        'info',
        (places) =>
          `${name}: ${plural(places, ['# interval has no value and counts as missing, not as zero.', '# intervals have no value and count as missing, not as zero.'])}`,
        row[i] ?? 0,
        topic,
      );
      continue;
    }
    if (quality[i] === Quality.estimated)
      findings.note(
        'estimated',
        'info',
        (places) =>
          `${name}: ${plural(places, ['# value is marked as estimated or replaced by the supplier.', '# values are marked as estimated or replaced by the supplier.'])}`,
        row[i] ?? 0,
        topic,
      );
    const energy = value[i] ?? 0;
    if (energy < 0) {
      negatives++;
      findings.note(
        'negative',
        'warning',
        (places) =>
          rule.register === 'other'
            ? `${name}: ${plural(places, ['# value is negative.', '# values are negative.'])} ${netMeter()}`
            : `${name}: ${plural(places, ['# value is negative.', '# values are negative.'])} ${keptAsTheyAre()}`,
        row[i] ?? 0,
        topic,
      );
    }
    const length = lengthSeconds[i] ?? 0;
    seconds += length;
    sum += energy;
    if (length > 0) powers[known++] = energy / length;
  }
  if (rule.unit === 'dm3' || known === 0) return;

  if (known >= 20 && negatives === 0) {
    const threshold = outlierThreshold(powers.subarray(0, known));
    const outliers =
      threshold > 0 && threshold < Infinity ? powers.subarray(0, known).filter((power) => power > threshold).length : 0;
    if (outliers > 0 && outliers <= Math.max(2, outlierShare * known))
      for (let i = 0; i < count; i++)
        if (quality[i] !== Quality.missing && (value[i] ?? 0) / (lengthSeconds[i] ?? 1) > threshold)
          findings.note(
            'outlier',
            'warning',
            (places) =>
              `${name}: ${plural(places, ['One value is far above all others. It was kept; look whether it can be true.', '# values are far above all others. They were kept; look whether they can be true.'])}`,
            row[i] ?? 0,
            topic,
          );
  }
  const meanW = (sum * 3600) / seconds;
  if (rule.register !== 'import' || sum <= 0 || seconds < 86_400) return;
  if (meanW > highestMeanW)
    findings.note(
      'unit-doubt',
      'warning',
      `${name}: on average ${number(meanW / 1000, 0)} kW, more than a home uses. The values may be in another unit than the file says.`,
      0,
      topic,
    );
  else if (meanW < lowestMeanW)
    findings.note(
      'unit-doubt',
      'warning',
      `${name}: on average ${number(meanW, 1)} W, less than a home uses. The values may be in another unit than the file says.`,
      0,
      topic,
    );
};
