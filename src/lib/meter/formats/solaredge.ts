/**
 * SolarEdge monitoring API: `energy` (production) or `energyDetails` (meters), a list of dates and values. The date
 * carries the offset (`2024-10-27 02:00:00 CET+0100`) or is local; `null` is no value.
 */

import type { Register } from '../../series/types.ts';
import { MeterFileError } from '../errors.ts';
import type { TextFormat } from '../format.ts';
import { parseStamp } from '../stamp.ts';
import * as v from 'valibot';
import { plural } from '../../../locales/plural.ts';

const values = v.array(v.object({ date: v.string(), value: v.optional(v.nullable(v.number())) }));
const energy = v.object({ timeUnit: v.optional(v.string()), unit: v.string(), values });
const details = v.object({
  timeUnit: v.optional(v.string()),
  unit: v.string(),
  meters: v.array(v.object({ type: v.string(), values })),
});
const file = v.union([v.object({ energy }), v.object({ energyDetails: details })]);

const registers: Readonly<Record<string, Register>> = {
  Production: 'generation',
  FeedIn: 'export',
  Purchased: 'import',
};
const steps: Readonly<Record<string, number>> = { QUARTER_OF_AN_HOUR: 900, HOUR: 3600, DAY: 86_400, WEEK: 604_800 };
const factors: Readonly<Record<string, number>> = { wh: 1, kwh: 1000, mwh: 1_000_000 };

export const solarEdge: TextFormat = {
  id: 'solaredge',
  name: () => 'SolarEdge (JSON)',
  timeZone: 'UTC',
  input: 'text',
  detect: ({ text }) =>
    /^\s*\{\s*"(energy|energyDetails)"\s*:/.test(text)
      ? { confidence: 0.97, reason: /* @wc-include */ 'the field “energy” with its unit' }
      : undefined,
  open({ collector, findings }) {
    let text = '';
    return {
      write(piece) {
        text += piece;
      },
      end() {
        let json: unknown;
        try {
          json = JSON.parse(text);
        } catch {
          throw new MeterFileError(
            'truncated',
            'The SolarEdge file is no complete JSON: the download was cut off. Download it again.',
          );
        }
        const parsed = v.safeParse(file, json);
        if (!parsed.success)
          throw new MeterFileError(
            'damaged',
            'The SolarEdge file does not have the fields it should have. Download it again.',
          );
        const body =
          'energy' in parsed.output
            ? { ...parsed.output.energy, meters: [{ type: 'Production', values: parsed.output.energy.values }] }
            : parsed.output.energyDetails;
        const factor = factors[body.unit.toLowerCase()];
        if (factor === undefined)
          throw new MeterFileError(
            'no-electricity',
            `The SolarEdge file is in ${body.unit}, which is no energy. Choose energy when you export it.`,
          );
        const length = steps[body.timeUnit ?? ''] ?? 0;
        for (const { type, values: readings } of body.meters) {
          const register = registers[type];
          const label = register === undefined ? { label: type } : {};
          readings.forEach(({ date, value }, i) => {
            const stamp = parseStamp(date, 'ymd');
            if (stamp === undefined) {
              findings.note(
                'unreadable-row',
                'warning',
                (count) =>
                  plural(count, [
                    '# value has no date that can be read and was left out.',
                    '# values have no date that can be read and were left out.',
                  ]),
                i + 1,
              );
              return;
            }
            collector
              .open({ register: register ?? 'other', clock: stamp.offsetMs === undefined ? 'local' : 'utc', ...label })
              .add(stamp.wallMs - (stamp.offsetMs ?? 0), length, (value ?? Number.NaN) * factor, i + 1);
          });
        }
      },
    };
  },
};
