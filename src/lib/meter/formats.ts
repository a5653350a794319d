/** All formats that are recognised, in no particular order: detection decides by confidence. */

import type { MeterFormat } from './format.ts';
import { ameren } from './formats/ameren.ts';
import { opower, sdge, unitedPower, xcelBills } from './formats/american-utilities.ts';
import { agl, redEnergy } from './formats/australian-long.ts';
import { dsmrReader } from './formats/dsmr-reader.ts';
import { eneco, energieManager, energieManagerApi, engie, greenChoice, homeWizard } from './formats/dutch-suppliers.ts';
import { edf, edfDays, edfIndex } from './formats/edf.ts';
import { enedis, enedis2025, enedisDays } from './formats/enedis.ts';
import { fluvius } from './formats/fluvius.ts';
import { greenButton } from './formats/green-button.ts';
import { homeAssistantHistory, homeAssistantStatistics } from './formats/home-assistant.ts';
import { homeAssistantEnergy } from './formats/home-assistant-energy.ts';
import { cups, eRedes } from './formats/iberian.ts';
import { enphase, iSolarCloud, shelly, solarEdgeCsv } from './formats/inverters.ts';
import { nem } from './formats/nem.ts';
import { newZealand, octopus } from './formats/octopus.ts';
import { p1 } from './formats/p1.ts';
import { homesAsColumns, lowCarbonLondon, startValue } from './formats/research.ts';
import { sma } from './formats/sma.ts';
import { solarEdge } from './formats/solaredge.ts';
import { grafana, headerless } from './formats/two-columns.ts';
import { enel, otherWide, victorianWide } from './formats/wide.ts';

export const formats: readonly MeterFormat[] = [
  agl,
  ameren,
  cups,
  dsmrReader,
  edf,
  edfDays,
  edfIndex,
  enedis,
  enedis2025,
  enedisDays,
  enel,
  eneco,
  energieManager,
  energieManagerApi,
  engie,
  enphase,
  eRedes,
  fluvius,
  grafana,
  greenButton,
  greenChoice,
  headerless,
  homeAssistantEnergy,
  homeAssistantHistory,
  homeAssistantStatistics,
  homesAsColumns,
  homeWizard,
  iSolarCloud,
  lowCarbonLondon,
  nem,
  newZealand,
  octopus,
  opower,
  otherWide,
  p1,
  redEnergy,
  sdge,
  shelly,
  sma,
  solarEdge,
  solarEdgeCsv,
  startValue,
  unitedPower,
  victorianWide,
  xcelBills,
];
