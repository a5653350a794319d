/** Code lists of the Energy Services Provider Interface (NAESB REQ.21, espi.xsd), as far as readings need them. */

import type { Register } from '../../series/types.ts';

/** What a unit of measure (`UomType`) means: energy or mean power of electricity, or gas by volume or heat. */
export const units: Readonly<
  Record<string, { readonly kind: 'energy' | 'power' | 'volume' | 'heat'; readonly factor: number }>
> = {
  '72': { kind: 'energy', factor: 1 }, // Wh
  '31': { kind: 'energy', factor: 1 / 3600 }, // J
  '38': { kind: 'power', factor: 1 }, // W
  '42': { kind: 'volume', factor: 1000 }, // m³ to dm³
  '119': { kind: 'volume', factor: 28.316846592 }, // ft³ to dm³
  '134': { kind: 'volume', factor: 1 }, // l
  '169': { kind: 'heat', factor: 29_307.107 }, // therm (US) to Wh
  '132': { kind: 'heat', factor: 0.29307107 }, // Btu (IT) to Wh
};

/** Symbols of units that are no energy, for the finding that says a series was left out. */
export const otherUnits: Readonly<Record<string, string>> = {
  '5': 'A',
  '29': 'V',
  '33': 'Hz',
  '61': 'VA',
  '63': 'var',
  '71': 'VAh',
  '73': 'varh',
  '128': 'gal',
  '130': 'gal',
};

/** `ServiceKind` and `CommodityKind` that are not electricity. */
export const isGasService = (kind: string): boolean => kind === '1';
export const isGasCommodity = (kind: string): boolean => kind === '7' || kind === '8';
export const isElectricCommodity = (kind: string): boolean => kind === '1' || kind === '2';
export const isOtherService = (kind: string): boolean => /^[2-9]$/.test(kind);

/** `FlowDirectionKind`: 19 reverse is what the home delivers, 4 is net. */
export const registerOf = (flowDirection: string): Register =>
  flowDirection === '19' ? 'export' : flowDirection === '4' ? 'other' : 'import';

/** `QualityOfReading` that is not a plain measurement: edited, estimated (two ways), questionable, projected. */
export const isEstimated = (quality: string): boolean => ['7', '8', '9', '10', '12'].includes(quality);

/** `AccumulationKind` of a counter: bulk quantity and cumulative. */
export const isCounter = (accumulation: string): boolean => accumulation === '1' || accumulation === '3';

/** `MeasurementKind` demand: the highest power of a period, which is no energy. */
export const isDemand = (kind: string): boolean => kind === '8';

/** Costs are in hundred-thousandths of the currency (ISO 4217 number). */
export const costUnit = 1e-5;
export const currencies: Readonly<Record<string, string>> = { '840': 'USD', '124': 'CAD', '978': 'EUR', '826': 'GBP' };
