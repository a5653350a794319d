/**
 * Green Button: the Energy Services Provider Interface (NAESB REQ.21 ESPI 1.0 to 4.0) as an Atom feed or bare.
 * Elements are told by local name, so any prefix and namespace will do. Entries come in any order and refer to each
 * other by links: an IntervalBlock to its MeterReading, that to its ReadingType (unit, power of ten, direction) and
 * UsagePoint (service). Times are UTC.
 */

import { SaxesParser } from 'saxes';
import { Quality } from '../../series/types.ts';
import { RegisterRows, type RegisterRule } from '../collector.ts';
import { MeterFileError } from '../errors.ts';
import { minuteWords } from '../../../locales/dates.ts';
import { numberFormat } from '../../../locales/formats.ts';
import { plural } from '../../../locales/plural.ts';
import type { ReadContext, TextFormat, TextReader } from '../format.ts';
import { medianOf } from '../readings.ts';
import * as codes from './espi-codes.ts';

/** Nesting of real files stays below 12; more is an attack on whoever parses it. */
const deepest = 64;
/** No text that matters here is longer. */
const longestText = 256;

interface ReadingType {
  readonly path: string;
  readonly fields: Readonly<Record<string, string>>;
}

interface UsagePoint {
  readonly path: string;
  readonly service: string;
  readonly title: string;
}

interface MeterReading {
  readonly path: string;
  readonly related: readonly string[];
  readonly title: string;
}

/** Readings of one meter reading (in ESPI's sense: a stream of readings), still without unit and direction. */
interface Blocks {
  /** Self and up links of the first block. */
  readonly links: readonly string[];
  readonly rows: RegisterRows;
  costs: number;
  /** Unit and power of ten of bills, which have no reading type. */
  readonly billed?: Readonly<Record<string, string>>;
}

/** What an IntervalReading says, as it stands there. */
interface Reading {
  start: number;
  duration: number;
  value: number;
  quality: string;
  cost: number;
}

const newReading = (): Reading => ({
  start: Number.NaN,
  duration: Number.NaN,
  value: Number.NaN,
  quality: '',
  cost: 0,
});

/** A resource within an entry; bare files nest them in each other. */
interface Resource {
  readonly kind: string;
  readonly fields: Record<string, string>;
}

/** The entry being read. Its links may stand before or after its content. */
interface Entry {
  self: string;
  readonly links: string[];
  readonly related: string[];
  title: string;
  readonly resources: Resource[];
  rows: RegisterRows | undefined;
  costs: number;
}

const newEntry = (): Entry => ({
  self: '',
  links: [],
  related: [],
  title: '',
  resources: [],
  rows: undefined,
  costs: 0,
});

const rawRows = () => new RegisterRows({ register: 'other', clock: 'utc' });

/** `…/UsagePoint/a/MeterReading/b` within a link; hosts and customers before it differ between entries of one feed. */
const meterReadingPath = (link: string): string | undefined =>
  /(?:UsagePoint\/[^/]+\/)?MeterReading\/[^/?#]+/i.exec(link)?.[0].toLowerCase();
const usagePointPath = (link: string): string | undefined => /UsagePoint\/[^/?#]+/i.exec(link)?.[0].toLowerCase();
const readingTypePath = (link: string): string | undefined => /ReadingType\/[^/?#]+/i.exec(link)?.[0].toLowerCase();

/** What was used in a bill's period; the first is of the period itself by its definition, the second in practice. */
const billedElements = ['currentBillingPeriodOverAllConsumption', 'overallConsumptionLastPeriod'] as const;
const isBill = (kind: string): boolean => kind === 'UsageSummary' || kind === 'ElectricPowerUsageSummary';

const resources = new Set([
  'UsagePoint',
  'MeterReading',
  'ReadingType',
  'IntervalBlock',
  'LocalTimeParameters',
  'UsageSummary',
  'ElectricPowerUsageSummary',
]);
const knownFields = new Set([
  'kind',
  'uom',
  'powerOfTenMultiplier',
  'flowDirection',
  'commodity',
  'accumulationBehaviour',
  'currency',
  'tzOffset',
  'qualityOfReading',
]);

/** Seconds as a file's number; NaN if it is none. */
const secondsOf = (text: string): number => (text === '' ? Number.NaN : Number(text));
/** No reading is of the year 5138: such instants, and the lengths beside them, are in milliseconds. */
const inMilliseconds = (start: number): boolean => Math.abs(start) > 1e11 && Math.abs(start) < 1e14;
/** A length beside an instant in milliseconds: in them too if that makes it a minute or whole five minutes. */
const lengthInMilliseconds = (duration: number): boolean => duration === 60_000 || duration % 300_000 === 0;

class Feed implements TextReader {
  readonly #context: ReadContext;
  readonly #parser: SaxesParser;
  readonly #path: string[] = [];
  readonly #readingTypes: ReadingType[] = [];
  readonly #usagePoints: UsagePoint[] = [];
  readonly #meterReadings: MeterReading[] = [];
  readonly #blocks = new Map<string, Blocks>();
  #entry = newEntry();
  /** Resources that are open, the innermost last. */
  readonly #open: Resource[] = [];
  #text = '';
  #reading = newReading();
  #readings = 0;
  /** Span of the block at hand, and its readings that do not say when they begin. */
  #interval = { start: Number.NaN, duration: Number.NaN };
  #startless: Reading[] = [];
  #hasStarts = false;
  /** Seconds that local standard time is ahead of UTC, where the file says so. */
  #offsetSeconds: number | undefined;

  constructor(context: ReadContext) {
    this.#context = context;
    const parser = new SaxesParser({ xmlns: false, position: false });
    parser.on('opentag', ({ name, attributes }) => this.#openTag(name.slice(name.indexOf(':') + 1), attributes));
    parser.on('text', (text) => {
      if (this.#text.length < longestText) this.#text += text;
    });
    parser.on('cdata', (text) => {
      if (this.#text.length < longestText) this.#text += text;
    });
    parser.on('closetag', ({ name }) => this.#closeTag(name.slice(name.indexOf(':') + 1)));
    parser.on('doctype', () => {
      throw new MeterFileError(
        'damaged',
        'The file declares a document type, which Green Button files never do and which can hide harmful tricks. It was not opened.',
      );
    });
    parser.on('error', (error) => {
      if (/unclosed|unexpected end|end of (file|input)/i.test(error.message))
        throw new MeterFileError(
          'truncated',
          'The Green Button file ends too early: the download was cut off. Download it again.',
        );
      throw new MeterFileError(
        'damaged',
        'The Green Button file is damaged (it is no well-formed XML). Download it again.',
      );
    });
    this.#parser = parser;
  }

  write(text: string): void {
    this.#parser.write(text);
  }

  end(): void {
    this.#parser.close();
    this.#handOver();
  }

  #openTag(name: string, attributes: Readonly<Record<string, string>>): void {
    this.#path.push(name);
    if (this.#path.length > deepest)
      throw new MeterFileError('damaged', 'The file is nested deeper than any Green Button file. It was not opened.');
    this.#text = '';
    if (name === 'entry') this.#entry = newEntry();
    else if (name === 'link') {
      const href = attributes.href ?? '';
      if (attributes.rel === 'self') this.#entry.self = href;
      if (attributes.rel === 'self' || attributes.rel === 'up') this.#entry.links.push(href);
      else if (attributes.rel === 'related') this.#entry.related.push(href);
    } else if (resources.has(name)) this.#open.push({ kind: name, fields: {} });
    else if (name === 'IntervalReading') this.#reading = newReading();
    if (name === 'IntervalBlock') {
      this.#interval = { start: Number.NaN, duration: Number.NaN };
      this.#startless = [];
      this.#hasStarts = false;
    }
  }

  #closeTag(name: string): void {
    const text = this.#text.trim();
    this.#path.pop();
    const parent = this.#path[this.#path.length - 1];
    this.#text = '';
    const resource = this.#open[this.#open.length - 1];
    if (resource?.kind === 'IntervalBlock' || resource === undefined) this.#closeInBlock(name, parent, text);
    else if (knownFields.has(name) && (parent === resource.kind || parent === 'ServiceCategory'))
      resource.fields[name] = text;
    else if (isBill(resource.kind) && parent !== undefined && parent !== resource.kind)
      resource.fields[`${parent} ${name}`] = text;
    if (name === 'title' && this.#entry.title === '') this.#entry.title = text;
    if (resource !== undefined && name === resource.kind) {
      if (name === 'IntervalBlock') this.#placeStartless();
      this.#open.pop();
      this.#entry.resources.push(resource);
      // Without Atom there is no entry whose end closes the resource.
      if (!this.#path.includes('entry')) this.#closeEntry();
    } else if (name === 'entry') this.#closeEntry();
  }

  #closeInBlock(name: string, parent: string | undefined, text: string): void {
    const reading = this.#reading;
    if (parent === 'timePeriod') {
      if (name === 'start') reading.start = Math.floor(secondsOf(text));
      else if (name === 'duration') reading.duration = secondsOf(text);
    } else if (parent === 'interval') {
      if (name === 'start') this.#interval.start = Math.floor(secondsOf(text));
      else if (name === 'duration') this.#interval.duration = secondsOf(text);
    } else if (parent === 'IntervalReading') {
      if (name === 'value') reading.value = text === '' ? Number.NaN : Number(text);
      else if (name === 'cost') reading.cost = Number(text) || 0;
    } else if (name === 'quality') reading.quality = text;
    else if (name === 'IntervalReading') {
      if (Number.isNaN(reading.start)) this.#startless.push(reading);
      else {
        this.#hasStarts = true;
        this.#take(reading);
      }
    }
  }

  #take(reading: Reading): void {
    this.#entry.rows ??= rawRows();
    if (this.#add(this.#entry.rows, reading)) this.#entry.costs += reading.cost;
  }

  /** Readings that do not say when they begin follow one another through the span of their block. */
  #placeStartless(): void {
    const { start, duration } = this.#interval;
    const readings = this.#startless;
    const length = duration / readings.length;
    const canPlace = !this.#hasStarts && length > 0;
    for (const [i, reading] of readings.entries())
      this.#take(canPlace ? { ...reading, start: start + Math.round(i * length), duration: length } : reading);
  }

  /** Whether a reading could be placed in time. */
  #add(rows: RegisterRows, { start, duration, value, quality }: Omit<Reading, 'cost'>): boolean {
    const { findings } = this.#context;
    this.#readings++;
    const isMs = inMilliseconds(start);
    if (isMs)
      findings.note(
        'time-unit',
        'info',
        'Times of the file are in milliseconds, not in seconds as the standard says. They were read as such.',
        this.#readings,
      );
    const startMs = isMs ? start : start * 1000;
    if (!Number.isFinite(startMs) || Math.abs(startMs) > 1e14) {
      findings.note(
        'unreadable-row',
        'warning',
        (count) =>
          plural(count, ['# reading has no start and was left out.', '# readings have no start and were left out.']),
        this.#readings,
      );
      return false;
    }
    const seconds = isMs && lengthInMilliseconds(duration) ? duration / 1000 : duration;
    const length = seconds > 0 && seconds < 2 ** 31 ? Math.round(seconds) : 0;
    rows.add(startMs, length, value, this.#readings, codes.isEstimated(quality));
    return true;
  }

  /** Keeps what a bill says was used in its period. */
  #addBill(fields: Readonly<Record<string, string>>, links: readonly string[]): void {
    const element = billedElements.find((name) => fields[`${name} value`] !== undefined);
    if (element === undefined) return;
    const billed = {
      uom: fields[`${element} uom`] ?? '',
      powerOfTenMultiplier: fields[`${element} powerOfTenMultiplier`] ?? '0',
    };
    const usage = links.map(usagePointPath).find((found) => found !== undefined) ?? '';
    const path = `bills ${usage} ${billed.uom} ${billed.powerOfTenMultiplier}`;
    const blocks = this.#blocks.get(path) ?? { links, rows: rawRows(), costs: 0, billed };
    this.#blocks.set(path, blocks);
    this.#add(blocks.rows, {
      start: Math.floor(secondsOf(fields['billingPeriod start'] ?? '')),
      duration: secondsOf(fields['billingPeriod duration'] ?? ''),
      value: secondsOf(fields[`${element} value`] ?? ''),
      quality: fields.qualityOfReading ?? '',
    });
  }

  #closeEntry(): void {
    const { self, title, related, resources: closed, rows, links, costs } = this.#entry;
    for (const { kind, fields } of closed)
      if (kind === 'ReadingType') this.#readingTypes.push({ path: readingTypePath(self) ?? self, fields });
      else if (kind === 'UsagePoint')
        this.#usagePoints.push({ path: usagePointPath(self) ?? self, service: fields.kind ?? '', title });
      else if (kind === 'MeterReading')
        this.#meterReadings.push({ path: meterReadingPath(self) ?? self, related, title });
      else if (kind === 'LocalTimeParameters') this.#offsetSeconds = secondsOf(fields.tzOffset ?? '');
      else if (isBill(kind)) this.#addBill(fields, links);
    this.#entry = newEntry();
    if (rows === undefined) return;
    const path =
      links.map(meterReadingPath).find((found) => found !== undefined) ?? links.find((link) => link !== self) ?? '';
    const known = this.#blocks.get(path);
    if (known === undefined) this.#blocks.set(path, { links, rows, costs });
    else {
      known.costs += costs;
      for (let i = 0; i < rows.length; i++)
        known.rows.add(
          rows.stampMs[i] ?? 0,
          rows.lengthSeconds[i] ?? 0,
          rows.value[i] ?? 0,
          rows.row[i] ?? 0,
          rows.quality[i] === Quality.estimated,
        );
    }
  }

  /** Reading type and usage point of some blocks, by links, else the only ones there are. */
  #contextOf(path: string, links: readonly string[]) {
    const meterReading =
      this.#meterReadings.find((candidate) => candidate.path === path) ??
      this.#meterReadings.find(({ related }) => related.some((link) => links.includes(link))) ??
      (this.#meterReadings.length === 1 ? this.#meterReadings[0] : undefined);
    const typePath = meterReading?.related.map(readingTypePath).find((found) => found !== undefined);
    const readingType =
      this.#readingTypes.find((candidate) => candidate.path === typePath) ??
      (this.#readingTypes.length === 1 ? this.#readingTypes[0] : undefined);
    const usagePath =
      usagePointPath(meterReading?.path ?? '') ?? links.map(usagePointPath).find((found) => found !== undefined);
    const usagePoint =
      this.#usagePoints.find((candidate) => candidate.path === usagePath) ??
      (this.#usagePoints.length === 1 ? this.#usagePoints[0] : undefined);
    return { meterReading, readingType, usagePoint, usagePath };
  }

  #handOver(): void {
    const { collector, findings } = this.#context;
    const outputs: { rows: RegisterRows; rule: RegisterRule; factor: number; usage: string }[] = [];
    let costs = 0;
    let currency = '';
    this.#dropBillsBesideReadings();
    for (const [path, blocks] of this.#blocks) {
      const { meterReading, readingType, usagePoint, usagePath } = this.#contextOf(path, blocks.links);
      const fields = blocks.billed ?? readingType?.fields ?? {};
      const uom = fields.uom ?? '';
      const multiplier = Number(fields.powerOfTenMultiplier ?? 0);
      const scale = Number.isInteger(multiplier) && Math.abs(multiplier) <= 12 ? 10 ** multiplier : 1;
      const service = usagePoint?.service ?? '';
      const commodity = fields.commodity ?? '';
      const gas =
        codes.isGasCommodity(commodity) || (codes.isGasService(service) && !codes.isElectricCommodity(commodity));
      const unit = uom === '' || uom === '0' ? undefined : codes.units[uom];
      this.#refuseUselessTimes(blocks.rows, uom);
      if (uom !== '' && uom !== '0' && (unit === undefined || codes.isDemand(fields.kind ?? ''))) {
        findings.note(
          'other-quantity',
          'info',
          codes.isDemand(fields.kind ?? '')
            ? 'A series of the highest power was left out: it is not energy.'
            : `A series in ${codes.otherUnits[uom] ?? uom} was left out: it is not energy.`,
          0,
          path,
        );
        continue;
      }
      if (!gas && codes.isOtherService(service)) {
        findings.note('other-quantity', 'info', 'A series of water or another service was left out.', 0, path);
        continue;
      }
      if (unit === undefined)
        findings.note(
          'unit-doubt',
          'warning',
          'The file does not say in which unit its values are. They were read as watt-hours taken from the grid; compare the total with your bill.',
          0,
          path,
        );
      costs += blocks.costs;
      currency ||= codes.currencies[fields.currency ?? ''] ?? '';
      const isGas = gas || unit?.kind === 'volume' || unit?.kind === 'heat';
      const counter = codes.isCounter(fields.accumulationBehaviour ?? '');
      const label = usagePoint?.title || usagePath || path;
      outputs.push({
        rows: blocks.rows,
        factor: (unit?.factor ?? 1) * scale,
        usage: usagePath ?? '',
        rule: {
          register: isGas ? 'gas' : codes.registerOf(fields.flowDirection ?? ''),
          unit: unit?.kind === 'volume' ? 'dm3' : 'Wh',
          clock: 'utc',
          kind: counter ? 'counter' : unit?.kind === 'power' ? 'power' : 'interval',
          label,
          ...(meterReading === undefined || meterReading.title === '' ? {} : { channel: meterReading.title }),
        },
      });
    }
    if (costs !== 0) {
      const style: Intl.NumberFormatOptions =
        currency === '' ? { minimumFractionDigits: 2, maximumFractionDigits: 2 } : { style: 'currency', currency };
      findings.note(
        'cost',
        'info',
        `The file also tells costs, ${numberFormat(style).format(costs * codes.costUnit)} in all. They were not imported.`,
      );
    }
    for (const [place, output] of outputs.entries()) {
      const { rule, rows, factor } = output;
      const original = outputs.find(
        (other, otherPlace) =>
          other !== output &&
          other.usage === output.usage &&
          other.rule.register === rule.register &&
          other.rule.unit === rule.unit &&
          ((stepOf(other.rows) < stepOf(rows) && overlaps(other.rows, rows)) ||
            (otherPlace < place && sameRows(other.rows, rows))),
      );
      if (original !== undefined) {
        findings.note(
          'coarser-copy',
          'info',
          /* @wc-include */ `“${rule.channel ?? rule.label ?? ''}” tells readings that the file has already, in longer steps or once more. It was left out, so that nothing counts twice.`,
        );
        continue;
      }
      const target = collector.open(rule);
      for (let i = 0; i < rows.length; i++)
        target.add(
          // A counter reading holds at the end of its period.
          (rows.stampMs[i] ?? 0) + (rule.kind === 'counter' ? (rows.lengthSeconds[i] ?? 0) * 1000 : 0),
          rule.kind === 'counter' ? 0 : (rows.lengthSeconds[i] ?? 0),
          (rows.value[i] ?? Number.NaN) * factor,
          rows.row[i] ?? 0,
          rows.quality[i] === Quality.estimated,
        );
    }
    this.#noteDoubtfulZone(outputs.map(({ rows }) => rows));
  }

  /** A bill tells once more what readings of the same usage point tell; alone it is better than nothing. */
  #dropBillsBesideReadings(): void {
    const all = [...this.#blocks].map(([path, { links, billed }]) => ({
      path,
      isBill: billed !== undefined,
      usage: links.map(usagePointPath).find((found) => found !== undefined),
    }));
    for (const { path, isBill: billed, usage } of all)
      if (billed && all.some((other) => !other.isBill && (usage ?? other.usage) === (other.usage ?? usage)))
        this.#blocks.delete(path);
    if ([...this.#blocks.values()].some(({ billed }) => billed !== undefined))
      this.#context.findings.note(
        'bills-only',
        'warning',
        'The file holds bills and no readings of hours or days. They show how your years compare; for anything finer choose “interval data” or “usage details” when you download.',
      );
  }

  /** Some suppliers write the time of the export as the start of every reading: nothing can be placed in time then. */
  #refuseUselessTimes(rows: RegisterRows, uom: string): void {
    if (rows.length < 3 || rows.stampMs.subarray(0, rows.length).some((ms) => ms !== rows.stampMs[0])) return;
    const unsaid = uom === '' ? ' The file does not say what they measure; it may be gas.' : '';
    throw new MeterFileError(
      'no-readings',
      `All ${rows.length} readings of this Green Button file claim to start at the same moment (${minuteWords(rows.stampMs[0] ?? 0)} UTC). They cannot be placed in time.${unsaid} Ask your supplier for a corrected file, or for CSV.`,
    );
  }

  /** Local times written as if they were UTC: a known slip of several suppliers. */
  #noteDoubtfulZone(all: readonly RegisterRows[]): void {
    const rows = all[0];
    if (rows === undefined || rows.length < 24) return;
    const atMidnight = (rows.stampMs[0] ?? 1) % 86_400_000 === 0;
    if (!atMidnight || this.#offsetSeconds === 0) return;
    const hours = (this.#offsetSeconds ?? Number.NaN) / 3600;
    if (Math.abs(hours) <= 14)
      this.#context.findings.note(
        'time-zone',
        'warning',
        `The readings begin at midnight UTC, but the file says that its meter’s clock is ${hours} hours from UTC. Your supplier probably wrote local times as UTC: the hours of the day are shifted by as much.`,
      );
    else
      this.#context.findings.note(
        'time-zone',
        'info',
        'The readings begin at midnight UTC. If you do not live on that time, your supplier probably wrote local times as UTC, and the hours of the day are shifted.',
      );
  }
}

const stepOf = (rows: RegisterRows): number => medianOf(rows.lengthSeconds.subarray(0, rows.length));

const sameRows = (a: RegisterRows, b: RegisterRows): boolean =>
  a.length === b.length &&
  a.stampMs.subarray(0, a.length).every((ms, i) => ms === b.stampMs[i] && a.value[i] === b.value[i]);

const overlaps = (a: RegisterRows, b: RegisterRows): boolean => {
  const span = (rows: RegisterRows) => {
    const stamps = rows.stampMs.subarray(0, rows.length);
    return [
      stamps.reduce((least, ms) => Math.min(least, ms), Infinity),
      stamps.reduce((most, ms) => Math.max(most, ms), -Infinity),
    ] as const;
  };
  const [aFrom, aUntil] = span(a);
  const [bFrom, bUntil] = span(b);
  return aFrom <= bUntil && bFrom <= aUntil;
};

export const greenButton: TextFormat = {
  id: 'green-button',
  name: () => 'Green Button (ESPI XML)',
  timeZone: 'UTC',
  input: 'text',
  detect({ text }) {
    if (!/^\s*</.test(text)) return undefined;
    if (/https?:\/\/naesb\.org\/espi/i.test(text))
      return { confidence: 0.98, reason: /* @wc-include */ 'the ESPI namespace of Green Button files' };
    if (/<([\w-]+:)?(IntervalBlock|IntervalReading|UsagePoint|MeterReading|ReadingType)\b/.test(text))
      return { confidence: 0.9, reason: /* @wc-include */ 'elements of Green Button files' };
    return undefined;
  },
  open: (context) => new Feed(context),
};
