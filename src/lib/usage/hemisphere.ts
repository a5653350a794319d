/** Which half of the year is warm where a home is, as far as its time zone tells. */
import { offsetMsAt } from '../series/local-day.ts';

/** Zones of the south that have no summer time, by which the others are known. */
const southernWithoutSummerTime =
  /^(Australia\/(Brisbane|Darwin|Perth|Lindeman|Eucla)|Africa\/(Johannesburg|Windhoek|Maputo|Harare|Lusaka|Gaborone|Maseru|Mbabane)|America\/(Argentina\/.+|Buenos_Aires|Montevideo|Sao_Paulo|La_Paz|Lima|Campo_Grande|Cuiaba|Bahia)|Indian\/(Mauritius|Reunion|Antananarivo)|Pacific\/(Fiji|Tongatapu|Noumea|Port_Moresby))$/;

/** Whether a zone's seasons are those of the south: its clocks go forward for January, or it is one of a short list. */
export const isSouthern = (timeZone: string): boolean =>
  southernWithoutSummerTime.test(timeZone) ||
  offsetMsAt(Date.UTC(2024, 0, 1), timeZone) > offsetMsAt(Date.UTC(2024, 6, 1), timeZone);
