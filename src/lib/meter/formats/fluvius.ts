import { columnFormat } from '../column-format.ts';

/** “From”, “To” and “Register” in the four languages of Mijn Fluvius. */
const fromDate = /^(van \(?datum\)?|from \(?date\)?|de \(?date\)?|du \(?date\)?|von \(?datum\)?)$/;
const fromTime = /^(van \(?tijdstip\)?|from \(?time\)?|(de|du) \(?heure\)?|von \(?(uhrzeit|zeit)\)?)$/;
const toDate = /^(tot \(?datum\)?|to \(?date\)?|(a|au|jusqu'a) \(?date\)?|bis \(?datum\)?)$/;
const toTime = /^(tot \(?tijdstip\)?|to \(?time\)?|(a|au|jusqu'a) \(?heure\)?|bis \(?(uhrzeit|zeit)\)?)$/;
const register = /^register$|^registre$/;
const offtake = /afname|offtake|prelevement|entnahme|consommation/i;
const injection = /injecti|einspeisung/i;

/**
 * Fluvius (BE), Dutch, English, French or German: registers (day and night, each way) as rows. An empty volume
 * (“Geen verbruik”, “No consumption”) is no value. Gas files tell each hour twice, in m³ and in kWh.
 */
export const fluvius = columnFormat({
  id: 'fluvius',
  name: 'Fluvius consumption history',
  timeZone: 'Europe/Brussels',
  header: [fromDate, fromTime, register, /^volume$/],
  confidence: 0.98,
  stamp: fromDate,
  timeOfDay: fromTime,
  end: toDate,
  endTimeOfDay: toTime,
  order: 'dmy',
  decimal: ',',
  label: /^ean/,
  tariff: register,
  values: [
    { name: /^volume$/, register: 'import', unit: 'kWh', when: { column: register, pattern: offtake } },
    { name: /^volume$/, register: 'export', unit: 'kWh', when: { column: register, pattern: injection } },
    {
      name: /^volume$/,
      register: 'gas',
      unit: 'm3',
      when: { column: /^(eenheid|unit|unite|einheit)$/, pattern: /^m(3|³)$/i },
    },
  ],
  estimated: {
    column: /^(validatiestatus|validation status|statut de validation|validierungsstatus)$/,
    pattern: /^(geschat|estimated|estime|geschatzt)/i,
  },
});
