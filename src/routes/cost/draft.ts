/** A tariff while it is typed: everything may still be empty or wrong. */
import { decimalText } from '$lib/ui/decimal.ts';
import { parseTariff, TariffError, type Contract, type PriceWindow, type Tariff } from '$lib/usage/tariff.ts';

export interface WindowDraft {
  days: PriceWindow['days'];
  /** `HH:MM` */
  from: string;
  until: string;
}

export interface BandDraft {
  name: string;
  perKwh: number | null;
  windows: WindowDraft[];
}

export interface ContractDraft {
  from: string;
  standingPerDay: number | null;
  baseName: string;
  basePerKwh: number | null;
  exportPerKwh: number | null;
  bands: BandDraft[];
}

export interface TariffDraft {
  name: string;
  currency: string;
  contracts: ContractDraft[];
}

const two = (value: number): string => String(value).padStart(2, '0');
const clockOf = (minute: number): string =>
  minute === 1440 ? '00:00' : `${two(Math.floor(minute / 60))}:${two(minute % 60)}`;
const minuteOf = (clock: string): number => {
  const [hours = Number.NaN, minutes = Number.NaN] = clock.split(':').map(Number);
  return hours * 60 + minutes;
};

export const emptyBand = (): BandDraft => ({
  name: 'Night',
  perKwh: null,
  windows: [{ days: 'all', from: '23:00', until: '07:00' }],
});

export const emptyContract = (from: string): ContractDraft => ({
  from,
  standingPerDay: 0,
  baseName: 'All hours',
  basePerKwh: null,
  exportPerKwh: 0,
  bands: [],
});

/** A new tariff that holds from a day on. */
export const emptyTariff = (name: string, currency: string, from: string): TariffDraft => ({
  name,
  currency,
  contracts: [emptyContract(from)],
});

const contractDraft = (contract: Contract): ContractDraft => ({
  from: contract.from,
  standingPerDay: contract.standingPerDay,
  baseName: contract.base.name,
  basePerKwh: contract.base.perKwh,
  exportPerKwh: contract.exportPerKwh,
  bands: contract.bands.map(({ name, perKwh, windows }) => ({
    name,
    perKwh,
    windows: windows.map(({ days, fromMinute, untilMinute }) => ({
      days,
      from: clockOf(fromMinute),
      until: clockOf(untilMinute),
    })),
  })),
});

/** A tariff to be changed. */
export const draftOf = ({ name, currency, contracts }: Tariff): TariffDraft => ({
  name,
  currency,
  contracts: contracts.map(contractDraft),
});

/** A contract like another, from a later day on. */
export const nextContract = (contract: ContractDraft, from: string): ContractDraft => ({
  ...structuredClone(contract),
  from,
});

const price = (value: number | null, what: string): number => {
  if (value === null || !Number.isFinite(value))
    throw new TariffError(`Give ${what} as a number such as ${decimalText(0.28)}.`);
  return value;
};

const clock = (text: string, what: string): number => {
  const minute = minuteOf(text);
  if (Number.isNaN(minute)) throw new TariffError(`Give ${what} as a time such as 23:00.`);
  return minute;
};

/**
 * The tariff of a draft, its prices ordered by their first day.
 * @throws TariffError in words for the user
 */
export const tariffOf = ({ name, currency, contracts }: TariffDraft): Tariff => {
  if (name.trim() === '') throw new TariffError('Give the tariff a name.');
  const read = contracts
    .map((contract): Contract => ({
      from: contract.from,
      standingPerDay: price(contract.standingPerDay ?? 0, 'the standing charge'),
      base: { name: contract.baseName.trim() || 'All hours', perKwh: price(contract.basePerKwh, 'the price per kWh') },
      exportPerKwh: price(contract.exportPerKwh ?? 0, 'what export earns'),
      bands: contract.bands.map((band) => ({
        name: band.name.trim() || 'Other hours',
        perKwh: price(band.perKwh, `the price of “${band.name}”`),
        windows: band.windows.map(({ days, from, until }) => ({
          days,
          fromMinute: clock(from, /* @wc-include */ `when “${band.name}” begins`),
          untilMinute: clock(until, /* @wc-include */ `when “${band.name}” ends`),
        })),
      })),
    }))
    .sort((a, b) => (a.from < b.from ? -1 : 1));
  if (new Set(read.map(({ from }) => from)).size < read.length)
    throw new TariffError('Two sets of prices begin on the same day. Change one of the days.');
  if (read.some(({ from }) => from === '')) throw new TariffError('Give the first day of each set of prices.');
  return parseTariff({ name, currency, contracts: read });
};

/** Currencies offered first; any other is typed. */
export const currencies = [
  'EUR',
  'GBP',
  'USD',
  'AUD',
  'NZD',
  'CAD',
  'CHF',
  'SEK',
  'NOK',
  'DKK',
  'PLN',
  'CZK',
  'JPY',
  'INR',
  'BRL',
  'ZAR',
];
