import * as v from 'valibot';
import { instantMs } from '../../protocol/fields.ts';
import { read, write } from './open.ts';

const schemas = {
  /** Id of the home that the screens show. */
  currentHome: v.string(),
  /** What a kWh costs, in units of the currency (ISO 4217). */
  price: v.strictObject({ currency: v.pipe(v.string(), v.length(3)), perKwh: v.pipe(v.number(), v.minValue(0)) }),
  /** Whether comparisons are shown. */
  showComparison: v.boolean(),
  lastBackupMs: instantMs,
  lastBackupNudgeMs: instantMs,
};

const madeSettings = v.partial(v.object(schemas));

/** Settings by name with the type of each. */
export type Settings = Readonly<v.InferOutput<typeof madeSettings>>;

/** All settings that were made; one that is not valid any more is as if it was never made. */
export async function readSettings(): Promise<Partial<Settings>> {
  const [names, values] = await read(['settings'], (tx) => Promise.all([tx.store.getAllKeys(), tx.store.getAll()]));
  const valid = names.flatMap((name, i) => {
    const schema = Object.entries(schemas).find(([known]) => known === name)?.[1];
    return schema !== undefined && v.is(schema, values[i]) ? [[name, values[i]] as const] : [];
  });
  return v.parse(madeSettings, Object.fromEntries(valid));
}

/** Makes a setting; `undefined` unmakes it. */
export async function saveSetting<Name extends keyof Settings>(
  name: Name,
  value: Settings[Name] | undefined,
): Promise<void> {
  if (value !== undefined) v.parse(schemas[name], value);
  await write(['settings'], async ({ store }) => {
    if (value === undefined) await store.delete(name);
    else await store.put(value, name);
  });
}
