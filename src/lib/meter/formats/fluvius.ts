import { columnFormat, type NamedValue } from '../column-format.ts';
import type { FileSample, TableFormat } from '../format.ts';

/** “From”, “To” and “Register” in the four languages of Mijn Fluvius. */
const fromDate = /^(van \(?datum\)?|from \(?date\)?|de \(?date\)?|du \(?date\)?|von \(?datum\)?)$/;
const fromTime = /^(van \(?tijdstip\)?|from \(?time\)?|(de|du) \(?heure\)?|von \(?(uhrzeit|zeit)\)?)$/;
const toDate = /^(tot \(?datum\)?|to \(?date\)?|(a|au|jusqu'a) \(?date\)?|bis \(?datum\)?)$/;
const toTime = /^(tot \(?tijdstip\)?|to \(?time\)?|(a|au|jusqu'a) \(?heure\)?|bis \(?(uhrzeit|zeit)\)?)$/;
const register = /^register$|^registre$/;
const offtake = /afname|offtake|prelevement|entnahme|consommation/i;
const injection = /injecti|einspeisung/i;

const unit = /^(eenheid|unit|unite|einheit)$/;
const cubic = /^m(3|³)$/i;

const fluviusOf = (unitPattern: RegExp, values: readonly NamedValue[]): TableFormat =>
  columnFormat({
    id: 'fluvius',
    name: () => 'Fluvius consumption history',
    timeZone: 'Europe/Brussels',
    header: [fromDate, fromTime, register, /^volumen?$/],
    confidence: 0.98,
    stamp: fromDate,
    timeOfDay: fromTime,
    end: toDate,
    endTimeOfDay: toTime,
    order: 'dmy',
    decimal: ',',
    label: /^ean/,
    tariff: register,
    only: { column: unit, pattern: unitPattern },
    values,
    estimated: {
      column: /^(validatiestatus|validation status|statut de validation|validierungsstatus)$/,
      pattern: /^(geschat|estimated|estime|geschatzt)/i,
    },
  });

const electricity = fluviusOf(/^kwh$/i, [
  { name: /^volumen?$/, register: 'import', unit: 'kWh', when: { column: register, pattern: offtake } },
  { name: /^volumen?$/, register: 'export', unit: 'kWh', when: { column: register, pattern: injection } },
]);
const gas = fluviusOf(cubic, [{ name: /^volumen?$/, register: 'gas', unit: 'm3' }]);

/** A gas file tells each hour twice, in m³ and in kWh, both as “Afname”. */
const isGas = ({ rows }: FileSample): boolean => rows.some((row) => row.some((cell) => cubic.test(cell.trim())));

/**
 * Fluvius (BE), Dutch, English, French or German: registers (day and night, each way) as rows. An empty volume
 * (“Geen verbruik”, “No consumption”) is no value.
 */
export const fluvius: TableFormat = {
  ...electricity,
  open(context) {
    if (!isGas(context.sample)) return electricity.open(context);
    context.findings.note(
      'other-quantity',
      'info',
      'The file tells gas twice, in m³ and in kWh. The cubic metres were read.',
    );
    return gas.open(context);
  },
};
