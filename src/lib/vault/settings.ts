import * as v from 'valibot';
import { instantMs, integer } from '../../protocol/fields.ts';
import { read, write } from './open.ts';

const day = v.pipe(v.string(), v.regex(/^\d{4}-\d{2}-\d{2}$/));

/** What the user told the app about one home. */
const homeNotesSchema = v.strictObject({
  /** The tariff in force and another to ask "what if" of; the analysis checks what is in them when it reads them. */
  tariff: v.optional(v.record(v.string(), v.unknown())),
  otherTariff: v.optional(v.record(v.string(), v.unknown())),
  /** Mean outdoor temperature of each local day from a day number on, °C; null where unknown. */
  temperatures: v.optional(
    v.strictObject({
      fileName: v.pipe(v.string(), v.maxLength(255)),
      firstDay: v.pipe(v.number(), v.integer()),
      celsius: v.pipe(v.array(v.nullable(v.number())), v.maxLength(50_000)),
    }),
  ),
  /** Advice that was followed, and from which local day on. */
  actions: v.optional(
    v.pipe(v.array(v.strictObject({ advice: v.pipe(v.string(), v.maxLength(60)), day })), v.maxLength(200)),
  ),
});
export type HomeNotes = Readonly<v.InferOutput<typeof homeNotesSchema>>;

const register = v.picklist(['import', 'export', 'generation', 'gas', 'other']);
const column = integer(0, 10_000);

/** Which columns of a table mean what, as its owner said (`meter/mapped-table.ts`). */
const columnMapping = v.strictObject({
  skipRows: column,
  stamp: column,
  timeOfDay: v.exactOptional(column),
  end: v.exactOptional(column),
  endTimeOfDay: v.exactOptional(column),
  order: v.picklist(['dmy', 'mdy', 'ymd']),
  clock: v.picklist(['home', 'utc']),
  edge: v.picklist(['start', 'end']),
  decimal: v.picklist(['.', ',']),
  allowUnitSuffix: v.exactOptional(v.boolean()),
  values: v.array(
    v.strictObject({
      column,
      register,
      unit: v.picklist(['Wh', 'kWh', 'MWh', 'W', 'kW', 'dm3', 'm3', 'therm']),
      kind: v.picklist(['interval', 'counter']),
      tariff: v.exactOptional(v.string()),
    }),
  ),
});

const schemas = {
  /** Id of the home that the screens show. */
  currentHome: v.string(),
  /** What a kWh costs, in units of the currency (ISO 4217). */
  price: v.strictObject({ currency: v.pipe(v.string(), v.length(3)), perKwh: v.pipe(v.number(), v.minValue(0)) }),
  /** By home id. */
  homeNotes: v.record(v.string(), homeNotesSchema),
  /** Whether comparisons are shown. */
  showComparison: v.boolean(),
  /** When a comparison was last looked at. */
  comparisonSeenMs: instantMs,
  /** The month `YYYY-MM` that the owner will not contribute; there is no reminder of it. */
  notContributed: v.string(),
  /** When the offer to install the app was last put off. */
  installPutOffMs: instantMs,
  lastBackupMs: instantMs,
  lastBackupNudgeMs: instantMs,
  /** Minutes without a touch after which an app that asks for its passphrase locks itself. */
  lockAfterMinutes: integer(1, 1440),
  /** By the header of the table. */
  columnMappings: v.record(v.string(), columnMapping),
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

/** Changes what the user told about one home; fields that are `undefined` are taken away. */
export async function saveHomeNotes(
  homeId: string,
  change: { readonly [Name in keyof HomeNotes]?: HomeNotes[Name] | undefined },
): Promise<void> {
  const all = (await readSettings()).homeNotes ?? {};
  const notes = Object.fromEntries(
    Object.entries({ ...all[homeId], ...change }).filter(([, value]) => value !== undefined),
  );
  await saveSetting('homeNotes', { ...all, [homeId]: v.parse(homeNotesSchema, notes) });
}

/** Takes an erased home out of the settings, as a part of a transaction. */
export async function forgetHome(
  store: {
    get(name: string): Promise<unknown>;
    put(value: unknown, name: string): Promise<unknown>;
    delete(name: string): Promise<unknown>;
  },
  homeId: string,
): Promise<void> {
  if ((await store.get('currentHome')) === homeId) await store.delete('currentHome');
  const notes = await store.get('homeNotes');
  if (v.is(schemas.homeNotes, notes) && homeId in notes)
    await store.put(Object.fromEntries(Object.entries(notes).filter(([id]) => id !== homeId)), 'homeNotes');
}
