/** All formats that are recognised, in no particular order: detection decides by confidence. */

import type { MeterFormat } from './format.ts';
import { ameren } from './formats/ameren.ts';
import { dsmrReader } from './formats/dsmr-reader.ts';
import { greenButton } from './formats/green-button.ts';

export const formats: readonly MeterFormat[] = [ameren, dsmrReader, greenButton];
