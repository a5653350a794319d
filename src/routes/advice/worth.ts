import type { AdviceItem } from '$lib/advice/advice.ts';
import { formatCount } from '$lib/ui/format.ts';
import { withUnit } from '../../locales/formats.ts';
import { formatMoney } from '$lib/ui/money.ts';

/** What following an advice may save in a year, in words; undefined where that is next to nothing. */
export const worth = ({ kwhPerYear, moneyPerYear, currency }: AdviceItem): string | undefined => {
  const energy = kwhPerYear >= 1 ? withUnit(formatCount(kwhPerYear), 'kWh') : undefined;
  const money =
    moneyPerYear !== undefined && currency !== undefined && moneyPerYear >= 0.5
      ? formatMoney(moneyPerYear, currency)
      : undefined;
  const parts = [energy, money].filter((part) => part !== undefined);
  return parts.length === 0 ? undefined : `About ${parts.join(', ')} a year`;
};
