/** How to get the file from each supplier: words for the import screen, shipped with the app. Websites change; these are the ways as they were known when written. */

export interface Supplier {
  readonly name: string;
  /** ISO 3166 country, or undefined where the source is a device or program used anywhere. */
  readonly country: string | undefined;
  /** What to do, one step a sentence. */
  readonly steps: readonly string[];
}

/** By format id (`docs/formats.md`); formats nobody downloads from a supplier are not here. */
export const suppliers: Readonly<Record<string, Supplier>> = {
  'green-button': {
    name: 'Green Button (many utilities)',
    country: 'US',
    steps: [
      'Log in to your utility’s website and look for the Green Button, “Download My Data” or “Export usage”.',
      'Choose electricity, the longest period, and the XML format.',
      'Choose the downloaded file here; a ZIP need not be unpacked.',
    ],
  },
  ameren: {
    name: 'Ameren (Illinois, Missouri)',
    country: 'US',
    steps: [
      'Log in at ameren.com and open “Energy usage” of your account.',
      'Choose “Advanced metering data”, the period, and download it as CSV.',
    ],
  },
  opower: {
    name: 'PG&E, PECO, BGE, ComEd and other Opower utilities',
    country: 'US',
    steps: [
      'Log in and open “Energy use details” (“My usage”).',
      'Choose the Green Button “Download my data”, then CSV, for up to a year at a time.',
      'Several years may be imported one after another; overlaps are counted once.',
    ],
  },
  sdge: {
    name: 'SDG&E',
    country: 'US',
    steps: ['Log in at sdge.com and open “Usage”.', 'Choose “Green Button download” or “Export”, electric meter, CSV.'],
  },
  bills: {
    name: 'Xcel Energy (bills)',
    country: 'US',
    steps: [
      'Log in and open “Billing and usage history”.',
      'Download the table as CSV. It has one value a bill, enough for trends over years but not for hours.',
    ],
  },
  'united-power': {
    name: 'United Power (Colorado)',
    country: 'US',
    steps: ['Log in, open “My usage”, and choose “Green Button” and CSV, by hour if offered.'],
  },
  'dsmr-reader': {
    name: 'DSMR-reader',
    country: 'NL',
    steps: ['Open your DSMR-reader, choose “Export”, “Hour statistics”, the period, and “Export CSV”.'],
  },
  homewizard: {
    name: 'HomeWizard Energy',
    country: 'NL',
    steps: [
      'Open the HomeWizard Energy app, “Settings”, “Export data” (or energy.homewizard.com).',
      'Choose your P1 meter, 15 minutes, and the month or year.',
    ],
  },
  greenchoice: {
    name: 'Greenchoice',
    country: 'NL',
    steps: ['Log in at Mijn Greenchoice, open “Verbruik”, “Meterstanden”.', 'Choose the year and “Download” (CSV).'],
  },
  engie: {
    name: 'Engie (Netherlands)',
    country: 'NL',
    steps: ['Log in at Mijn ENGIE and open “Verbruik”.', 'Choose “Exporteer verbruiken”, by hour, and the period.'],
  },
  eneco: {
    name: 'Eneco',
    country: 'NL',
    steps: ['Log in at Mijn Eneco and open “Verbruik”.', 'Choose “Download”, the period, by day or hour (Excel).'],
  },
  'energie-manager-api': {
    name: 'Energie Manager (counters)',
    country: 'NL',
    steps: [
      'Log in at energiemanageronline.nl, choose the export of meter readings (“meterstanden”) and a year as CSV.',
    ],
  },
  'energie-manager': {
    name: 'Energie Manager Online',
    country: 'NL',
    steps: ['Log in at energiemanageronline.nl, open your meter, and export the year as CSV.'],
  },
  'dsmr-p1': {
    name: 'P1 port of a smart meter',
    country: 'NL',
    steps: [
      'Save what your P1 reader logs as a text file. One telegram gives a meter reading; a log gives the use between.',
    ],
  },
  fluvius: {
    name: 'Fluvius',
    country: 'BE',
    steps: [
      'Log in at Mijn Fluvius (itsme or eID) and open “Energieverbruik”.',
      'Choose “Verbruikshistoriek downloaden”, quarter-hour totals (“kwartiertotalen”), CSV.',
      'Quarter hours are kept there only if you asked for them: switch them on for the future.',
    ],
  },
  'e-distribuzione': {
    name: 'e-distribuzione (Enel)',
    country: 'IT',
    steps: [
      'Log in at private.e-distribuzione.it and open “Le mie curve di carico”.',
      'Choose the month and download the quarter hours as CSV.',
    ],
  },
  enedis: {
    name: 'Enedis',
    country: 'FR',
    steps: [
      'Log in at mon-compte-particulier.enedis.fr and open “Suivre mes mesures”.',
      'Switch on the half-hourly record (“courbe de charge”) if it is off.',
      'Choose “Télécharger mes données”, consumption by hour, the period, CSV.',
    ],
  },
  'enedis-2025': {
    name: 'Enedis (from 2025)',
    country: 'FR',
    steps: [
      'Log in at mon-compte-particulier.enedis.fr and open “Mes mesures”, “Historique”.',
      'Choose the hourly view, the period, and “Télécharger” as CSV.',
    ],
  },
  edf: {
    name: 'EDF',
    country: 'FR',
    steps: [
      'Log in at suiviconso.edf.fr and open “Télécharger mes données”.',
      'Choose “Mes puissances atteintes” by 30 minutes. The ZIP can be chosen here as it is.',
    ],
  },
  cups: {
    name: 'Datadis, i-DE, e-distribución, UFD',
    country: 'ES',
    steps: [
      'Log in at datadis.es or your distributor’s site with your identity number.',
      'Open “Consumos”, choose your CUPS, hourly curve, the period, and CSV.',
    ],
  },
  'e-redes': {
    name: 'E-REDES',
    country: 'PT',
    steps: [
      'Log in at balcaodigital.e-redes.pt and open “Consumos”, “Consultar histórico”.',
      'Choose your CPE, “Diagrama de carga”, the period, and Excel.',
    ],
  },
  octopus: {
    name: 'Octopus Energy (United Kingdom)',
    country: 'GB',
    steps: [
      'Log in at octopus.energy and open “My energy”, “Get your geek on” (usage data).',
      'Choose electricity, the period, and download the CSV.',
    ],
  },
  'nz-eiep13a': {
    name: 'Octopus Energy and other New Zealand retailers',
    country: 'NZ',
    steps: [
      'Ask your retailer for your consumption data (it must give up to two years), or download it from your account.',
      'Choose the half-hourly file (EIEP 13A).',
    ],
  },
  nem12: {
    name: 'Australian distributors and retailers (NEM12)',
    country: 'AU',
    steps: [
      'Find your NMI on a bill and register at your distributor’s portal (for example Ausgrid, Energex, Western Power).',
      'Ask for your metering data in NEM12 (“detailed”) format. The ZIP can be chosen here as it is.',
    ],
  },
  'au-wide': {
    name: 'AusNet, Jemena, CitiPower, Powercor, United Energy',
    country: 'AU',
    steps: [
      'Register at the portal of your Victorian distributor with your NMI and meter number.',
      'Download the interval data as CSV.',
    ],
  },
  'red-energy': {
    name: 'Red Energy',
    country: 'AU',
    steps: ['Log in at My Account, open “Usage”, and ask for the interval data by e-mail.'],
  },
  agl: {
    name: 'AGL',
    country: 'AU',
    steps: ['Log in at AGL My Account, open “Usage”, and choose “Download usage data”.'],
  },
  shelly: {
    name: 'Shelly EM and 3EM',
    country: undefined,
    steps: ['Open the meter’s own page in your network, “History”, and download the CSV (“em_data”).'],
  },
  sma: {
    name: 'SMA inverter',
    country: undefined,
    steps: ['Open the inverter’s own page (WebUI), log in, “Data”, and export the daily values as CSV.'],
  },
  solaredge: {
    name: 'SolarEdge',
    country: undefined,
    steps: [
      'Log in at monitoring.solaredge.com, open the chart of the month, and export it; or save the answer of the API as a file.',
    ],
  },
  'solaredge-csv': {
    name: 'SolarEdge (chart)',
    country: undefined,
    steps: ['Log in at monitoring.solaredge.com, open “Dashboard” or “Reports”, choose the period, and export CSV.'],
  },
  enphase: {
    name: 'Enphase',
    country: undefined,
    steps: [
      'Log in at enlighten.enphaseenergy.com, open “Reports”, “Custom report”.',
      'Choose all columns in Wh, 15 minutes, and the period.',
    ],
  },
  isolarcloud: {
    name: 'iSolarCloud (Sungrow)',
    country: undefined,
    steps: ['Log in at isolarcloud.com, open your plant, “Report”, choose the month, and export CSV.'],
  },
  'home-assistant-energy': {
    name: 'Home Assistant (energy dashboard)',
    country: undefined,
    steps: [
      'Open “Energy” and choose the period; a day gives hours, a month gives days.',
      'Choose the menu at the top, “Download data”.',
    ],
  },
  'home-assistant-history': {
    name: 'Home Assistant (history)',
    country: undefined,
    steps: [
      'Open “History”, choose your energy counters and the period.',
      'Choose the menu at the top, “Download data”.',
    ],
  },
  'home-assistant-statistics': {
    name: 'Home Assistant (long-term statistics)',
    country: undefined,
    steps: [
      'Use the integration “Import statistics”, service “export statistics”, for your energy counters.',
      'Choose the file it writes, CSV or TSV.',
    ],
  },
  grafana: {
    name: 'Grafana',
    country: undefined,
    steps: ['Open the panel’s menu, “Inspect”, “Data”, and “Download CSV” without formatting.'],
  },
};
