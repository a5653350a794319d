/** How each chart's numbers are worked out, in words for its reader. docs/analysis.md says the same at length. */

const local = 'Days and hours are those of your home’s time zone: a day has 23, 24 or 25 hours when the clocks change.';

export const how = {
  energy: [
    'Each bar is the sum of the readings that lie in it. A reading over a boundary is shared out by time.',
    'Hatched bars have gaps: less than 90% of their time was measured. They are shown, but left out of means and comparisons.',
    'Comparisons set the mean whole day of one period beside that of the other, so that gaps and months of different length do no harm.',
    local,
  ],
  profile: [
    'The line is the median: on half of the days this hour took more, on half less. The band holds eight days in ten (10% and 90% quantiles).',
    'Only hours known from readings of an hour or less count.',
    local,
  ],
  week: [
    'Each cell is the mean energy of that hour of that weekday over the period; cells with few samples are striped.',
    local,
  ],
  calendar: ['Each cell is one local day’s energy. Hatched days have gaps.', local],
  duration: [
    'All hours of the period, from the highest to the lowest mean power. The point at 10% is the power that a tenth of the hours exceed.',
    'Load factor = mean power / power of the highest hour.',
  ],
  baseload: [
    'For each two hours of the day the median of their mean power over the month’s days; the lowest of these is the always-on power.',
    'In a year: watts × 8.76 = kWh. Cost = that × your price per kWh.',
  ],
  weather: [
    'Use per day = base + heating slope × degrees below the heating balance point + cooling slope × degrees above the cooling balance point.',
    'Slopes by least squares; balance points from 30 to 90 °F in steps of 1 °F; the combination with the highest adjusted R² wins (CalTRACK 2.0, docs.caltrack.org).',
    'Fit: root of the mean squared residual over the mean. Up to 30% is good for days (15% for bills), up to twice that fair.',
  ],
  years: [
    'The earlier year’s weather model says what the earlier ways would have taken in the later year’s weather; that is set beside what was used (CalTRACK 3.6.1).',
  ],
  solar: [
    'Own use = generation − export. All use = import + own use. Only days known in every register count.',
    'Homes compare import alone: what they take from the grid.',
  ],
  cost: [
    'Σ energy × price valid at its time + standing charge × days − export × export price. Nothing is rounded before it is shown.',
    'A reading over a change of price is shared out by time.',
  ],
} as const satisfies Record<string, readonly string[]>;
