/** A meter file's bytes to reading series: what it is, by content, and what is in it. */

import { isTimeZone, offsetMsAt } from '../series/local-day.ts';
import { summarize } from '../series/summary.ts';
import type { ReadingSeries } from '../series/types.ts';
import { Collector } from './collector.ts';
import { guessColumns, type ColumnGuess } from './columns.ts';
import { guessDelimiter, parseRows, RowSplitter, type NumberedRow } from './delimited.ts';
import { MeterFileError } from './errors.ts';
import { FindingLog } from './finding-log.ts';
import { finish } from './finish.ts';
import { formats } from './formats.ts';
import type { FileSample, MeterFormat, ReadContext, TableFormat } from './format.ts';
import { openMappedTable, type ColumnMapping } from './mapped-table.ts';
import type { Candidate, MeterFile } from './meter-file.ts';
import { refuseKnownContents, refuseWebPage } from './known-contents.ts';
import { gunzip, limited, peek, piecesOf, readAll, type ByteSource } from './source.ts';
import { decodeText, encodingOf } from './text.ts';
import { readWorkbook } from './xlsx.ts';
import { unpackingLimits, unzip, type UnpackingLimits } from './zip.ts';

/** Bytes of a file, unpacked, that are read: a hundred years of quarter hours fit. */
const sizeLimit = 160 * 2 ** 20;
/** Bytes by which a file is recognised. */
const sampleBytes = 1 << 16;
const sampleRows = 200;
/** Lines that the rows are taken from: some are blank, some within quotes. */
const sampleLines = 2000;
/** Confidences this close are a tie, which the user decides. */
const tieMargin = 0.05;
const leastConfidence = 0.3;

export interface ReadOptions {
  /** The file's name, for messages only; it never decides what the file is. */
  readonly name: string;
  /** IANA zone of the home, for times without an offset. Default: the zone the format implies. */
  readonly timeZone?: string;
  /** Read as this format (its id) instead of the most likely one: the answer to a tie. */
  readonly format?: string;
  /** Read a table by these columns instead of as a known format: the answer to `unknown-table`. */
  readonly mapping?: ColumnMapping;
  /** Called now and then with the share of the file that is read, 0 to 1; needs {@link size}. */
  readonly onProgress?: (share: number) => void;
  /** Size in bytes of a streamed source, for progress. */
  readonly size?: number;
  readonly signal?: AbortSignal;
}

/** A text, unpacked, by its first bytes and the rest; or the rows of a workbook; or a file of an archive that is neither. */
type Content =
  | {
      readonly kind: 'text';
      readonly name: string;
      readonly sample: FileSample;
      readonly pieces: () => AsyncIterable<string>;
      readonly delimiter: string | undefined;
    }
  | {
      readonly kind: 'rows';
      readonly name: string;
      readonly sample: FileSample;
      readonly rows: readonly NumberedRow[];
    }
  | { readonly kind: 'unread'; readonly name: string; readonly why: MeterFileError };

const isZip = (head: Uint8Array): boolean => head[0] === 0x50 && head[1] === 0x4b && (head[2] ?? 9) <= 7;
const isGzip = (head: Uint8Array): boolean => head[0] === 0x1f && head[1] === 0x8b;

/** Formats that fit a sample, best first. */
export const detectFormat = (sample: FileSample): { format: MeterFormat; candidate: Candidate }[] =>
  formats
    .flatMap((format) => {
      const match = format.detect(sample);
      return match === undefined || match.confidence < leastConfidence
        ? []
        : [{ format, candidate: { id: format.id, name: format.name(), ...match } }];
    })
    .sort((a, b) => b.candidate.confidence - a.candidate.confidence);

/** The first lines of a text; the last line of a cut one is rarely whole. */
const wholeLines = (text: string): string => {
  let end = 0;
  for (let line = 0; line < sampleLines; line++) {
    const next = text.indexOf('\n', end) + 1;
    if (next === 0) return text.length < sampleBytes / 2 ? text : text.slice(0, end || text.length);
    end = next;
  }
  return text.slice(0, end);
};

/** The sample of a text's beginning. */
export const sampleOf = (text: string): { sample: FileSample; delimiter: string | undefined } => {
  if (/^\s*[<{[]/.test(text)) return { sample: { text, rows: [] }, delimiter: undefined };
  const whole = wholeLines(text);
  const delimiter = guessDelimiter(whole);
  const rows = parseRows(whole, delimiter ?? ',')
    .filter((row) => row.length > 1 || (row[0] ?? '').trim() !== '')
    .slice(0, sampleRows);
  return { sample: { text, rows }, delimiter };
};

const openText = (name: string, head: Uint8Array, all: AsyncIterable<Uint8Array>): Content => {
  const encoding = encodingOf(head);
  const text = new TextDecoder(encoding).decode(head, { stream: true });
  refuseWebPage(text);
  return { kind: 'text', name, ...sampleOf(text), pieces: () => decodeText(limited(all, sizeLimit), encoding) };
};

/** How deep in archives one is, and what all of them together may still hold. */
interface Unpacking {
  readonly name: string;
  readonly depth: number;
  readonly left: UnpackingLimits;
}

const deepestArchive = 3;

/** Opens a file: packed ones are unpacked. An archive of several files gives several contents. */
async function* openContents(source: ByteSource, unpacking: Unpacking): AsyncGenerator<Content> {
  const { name, depth } = unpacking;
  const { head, all } = await peek(source, sampleBytes);
  if (head.length === 0) throw new MeterFileError('empty', 'The file is empty. Download it again.');
  refuseKnownContents(head);
  const packed = isGzip(head) || isZip(head);
  if (packed && depth > deepestArchive)
    throw new MeterFileError('damaged', 'The file is packed several times over. Unpack it and choose the file inside.');
  if (isGzip(head)) yield* openContents(limited(gunzip(all), sizeLimit), { ...unpacking, depth: depth + 1 });
  else if (isZip(head)) yield* openArchive(await readAll(all, sizeLimit), unpacking);
  else yield openText(name, head, all);
}

/** Files beside the readings that nobody misses: what macOS adds, folders' own files. */
const isByproduct = (name: string): boolean => /(^|\/)(__MACOSX\/|\.|Thumbs\.db$|desktop\.ini$)/i.test(name);

async function* openArchive(bytes: Uint8Array, { depth, left }: Unpacking): AsyncGenerator<Content> {
  const names: string[] = [];
  let isOffice = false;
  const entries = unzip(
    bytes,
    (name) => {
      names.push(name);
      isOffice ||= /^(xl\/workbook\.xml|(word|ppt)\/.*|content\.xml)$/i.test(name);
      return !isByproduct(name) && !isOffice;
    },
    left,
  );
  if (names.some((name) => /^xl\/workbook\.xml$/i.test(name))) {
    for (const { name, rows } of readWorkbook(bytes)) {
      const sample: FileSample = {
        text: '',
        rows: rows.slice(0, sampleRows).map(({ cells }) => cells),
        sheet: name,
        decimal: '.',
      };
      if (rows.length > 0) yield { kind: 'rows', name, sample, rows };
    }
    return;
  }
  if (names.some((name) => /^(word|ppt)\//i.test(name)))
    throw new MeterFileError(
      'document',
      'This is a text document or a presentation, not a table of readings. Look on your supplier’s website for a CSV, XML or Excel file.',
    );
  if (names.includes('content.xml'))
    throw new MeterFileError(
      'document',
      'This is an OpenDocument file (.ods or .odt). Open it and save the table as .xlsx or .csv.',
    );
  if (entries.size === 0)
    throw new MeterFileError('no-readings', 'The archive holds no file with readings (CSV, XML, JSON or Excel).');
  // The largest first: what is read decides the format, and bills or gas beside the readings are small.
  for (const [name, entry] of [...entries].sort(([a, x], [b, y]) => y.length - x.length || (a < b ? -1 : 1)))
    try {
      yield* openContents(piecesOf(entry), { name, depth: depth + 1, left });
    } catch (why) {
      // A picture or a damaged file beside the readings does not spoil them.
      if (!(why instanceof MeterFileError) || why.code === 'too-large') throw why;
      yield { kind: 'unread', name, why };
    }
}

const opened = (source: ByteSource): AsyncGenerator<Content> =>
  openContents(source, { name: '', depth: 0, left: { ...unpackingLimits } });

const asOnly = (format: MeterFormat) => [
  { format, candidate: { id: format.id, name: format.name(), confidence: 1, reason: /* @wc-include */ 'your choice' } },
];

const throwIfAborted = (signal: AbortSignal | undefined): void => {
  if (signal?.aborted === true) throw new MeterFileError('cancelled', 'The import was cancelled.');
};

/** Feeds a content to a format's reader, with progress, letting others have a turn now and then. */
const feed = async (
  content: Exclude<Content, { kind: 'unread' }>,
  format: MeterFormat,
  context: ReadContext,
  signal: AbortSignal | undefined,
): Promise<void> => {
  if (content.kind === 'rows') {
    if (format.input !== 'rows') throw new RangeError(`${format.id} reads no workbook`);
    const reader = format.open(context);
    for (const { cells, line } of content.rows) reader.row(cells, line);
    reader.end();
    return;
  }
  if (format.input === 'text') {
    const reader = format.open(context);
    for await (const piece of content.pieces()) {
      throwIfAborted(signal);
      reader.write(piece);
    }
    reader.end();
    return;
  }
  const reader = format.open(context);
  const splitter = new RowSplitter(content.delimiter ?? ',');
  for await (const piece of content.pieces()) {
    throwIfAborted(signal);
    for (const { cells, line } of splitter.write(piece)) reader.row(cells, line);
  }
  for (const { cells, line } of splitter.end()) reader.row(cells, line);
  reader.end();
};

/** Counts what passes, for progress. */
async function* watched(source: ByteSource, options: ReadOptions): AsyncGenerator<Uint8Array> {
  const size = source instanceof Uint8Array ? source.length : options.size;
  let passed = 0;
  for await (const piece of source instanceof Uint8Array ? piecesOf(source) : source) {
    throwIfAborted(options.signal);
    passed += piece.length;
    if (size !== undefined && size > 0) options.onProgress?.(Math.min(1, passed / size));
    yield piece;
  }
}

/** Why nothing was read: what the only file is, or that none of an archive's holds readings. */
const nothingRead = (unread: readonly { readonly name: string; readonly why: MeterFileError }[]): MeterFileError => {
  const [only] = unread;
  if (only === undefined) return new MeterFileError('no-readings', 'There is nothing to read in this file.');
  // A table may still be read by the columns its owner names.
  const table = unread.find(({ why }) => why.code === 'unknown-table');
  if (table !== undefined) return table.why;
  if (unread.every(({ name }) => name === '') || (unread.length === 1 && only.why.code !== 'unknown-format'))
    return only.why;
  const names = unread.slice(0, 3).map(({ name }) => `“${name}”`);
  return new MeterFileError(
    'no-readings',
    `The archive holds no file with readings (CSV, XML, JSON or Excel), only ${names.join(', ')}${unread.length > 3 ? ' …' : ''}.`,
  );
};

/** Files of one archive are read as one format; why a file of another is left out. */
const otherThan = (chosen: MeterFormat | undefined, own: MeterFormat | undefined): MeterFileError | undefined =>
  chosen === undefined || own === undefined
    ? undefined
    : new MeterFileError(
        'unknown-format',
        `It is of another format (${own.name()}) than the first (${chosen.name()}). To take it in too, choose it by itself.`,
      );

const unknown = (content: Content): MeterFileError => {
  if (content.kind === 'unread') return content.why;
  const { sample } = content;
  if (sample.rows.filter((row) => row.length >= 2).length < 2)
    return new MeterFileError(
      'unknown-format',
      'This is none of the known meter formats, nor a table. Look on your supplier’s website for “download usage data” or “export”, which gives a CSV, XML or Excel file.',
    );
  return guessColumns(sample) === undefined
    ? new MeterFileError(
        'unknown-format',
        'This is a table, but it has no column of dates and times beside numbers, so its values cannot be placed in time. Look on your supplier’s website for usage by hour or day.',
      )
    : new MeterFileError(
        'unknown-table',
        'This is a table, but none of the known formats. Tell the app which columns hold the time and the energy, and it will read the file.',
      );
};

/** A table read by a mapping, as a format. */
const mappedFormat = (mapping: ColumnMapping): TableFormat => ({
  id: 'columns',
  name: () => 'Table with columns you chose',
  timeZone: 'UTC',
  input: 'rows',
  detect: () => ({ confidence: 1, reason: /* @wc-include */ 'the columns you chose' }),
  open: (context) => openMappedTable(mapping, context),
});

/**
 * What the columns of a table may mean; undefined when it has no column of dates or none of numbers.
 * @throws MeterFileError when the file is no table at all
 */
export const readTableGuess = async (source: ByteSource): Promise<ColumnGuess | undefined> => {
  for await (const content of opened(source)) {
    const guess = content.kind === 'unread' ? undefined : guessColumns(content.sample);
    if (guess !== undefined) return guess;
  }
  return undefined;
};

/** Points out local times of a format that is at home in another part of the world than the user. */
const noteForeignZone = (
  collector: Collector,
  used: string,
  implied: string,
  name: string,
  findings: FindingLog,
): void => {
  const local = collector.all().find(({ rule }) => rule.clock === 'local');
  const firstMs = local?.stampMs[0] ?? Number.NaN;
  const partOf = (zone: string) => zone.slice(0, zone.indexOf('/'));
  if (implied === 'UTC' || Number.isNaN(firstMs) || partOf(used) === partOf(implied)) return;
  if (offsetMsAt(firstMs, used) === offsetMsAt(firstMs, implied)) return;
  findings.note(
    'time-zone',
    'warning',
    `Files of the format “${name}” usually have times of ${implied}, but this one was read in your home’s time zone, ${used}. If the file is from a home elsewhere, give that home its own time zone first.`,
  );
};

/** Tells the owner of a file without any import what it is good for. */
const noteWhatIsNotThere = (series: readonly ReadingSeries[], findings: FindingLog): void => {
  if (series.length === 0 || series.some(({ register }) => register === 'import' || register === 'other')) return;
  if (series.every(({ register }) => register === 'gas'))
    findings.note(
      'gas-only',
      'warning',
      'This file holds gas only. It is kept apart; for charts and comparisons of electricity choose the file of your electricity meter.',
    );
  else
    findings.note(
      'solar-only',
      'warning',
      'This file tells what your panels made or what you delivered, but not what you took from the grid. Add the file of your electricity meter for charts of your use and for comparisons.',
    );
};

/**
 * Reads a meter file. Nothing is stored and nothing sent.
 * @throws MeterFileError when it cannot be read; the message says what it is and what to do
 * @throws RangeError when `timeZone` or `format` is not known
 */
export const readMeterFile = async (source: ByteSource, options: ReadOptions): Promise<MeterFile> => {
  if (options.timeZone !== undefined && !isTimeZone(options.timeZone))
    throw new RangeError(`timeZone: ${options.timeZone} is not known`);
  const findings = new FindingLog();
  let collector: Collector | undefined;
  let chosen:
    { format: MeterFormat; candidate: Candidate; ties: Candidate[]; timeZone: string; implied: string } | undefined;
  /** What was not read, and why. */
  const unread: { readonly name: string; readonly why: MeterFileError }[] = [];
  for await (const content of opened(watched(source, options))) {
    if (content.kind === 'unread') {
      unread.push(content);
      continue;
    }
    const found = options.mapping === undefined ? detectFormat(content.sample) : asOnly(mappedFormat(options.mapping));
    const wanted = options.format ?? chosen?.format.id;
    const best = wanted === undefined ? found[0] : found.find(({ format }) => format.id === wanted);
    if (best === undefined) {
      unread.push({ name: content.name, why: otherThan(chosen?.format, found[0]?.format) ?? unknown(content) });
      continue;
    }
    const { format, candidate } = best;
    const surest = found[0]?.candidate.confidence ?? 0;
    const implied = typeof format.timeZone === 'string' ? format.timeZone : format.timeZone(content.sample);
    const timeZone = format.fixedTimeZone === true ? implied : (options.timeZone ?? implied);
    if (chosen === undefined)
      chosen = {
        format,
        candidate,
        timeZone,
        implied,
        ties: found
          .filter((other) => other !== best && other.candidate.confidence > surest - tieMargin)
          .map((other) => other.candidate),
      };
    const into = new Collector();
    try {
      await feed(content, format, { timeZone, sample: content.sample, collector: into, findings }, options.signal);
    } catch (why) {
      if (content.name === '' || !(why instanceof MeterFileError) || why.code === 'cancelled') throw why;
      unread.push({ name: content.name, why });
      continue;
    }
    collector = collector === undefined ? into : collector.with(into);
  }
  if (chosen === undefined || collector === undefined) throw nothingRead(unread);
  for (const { name, why } of unread)
    findings.note('file-left-out', 'warning', `The file “${name}” inside was left out. ${why.message}`);
  noteForeignZone(collector, chosen.timeZone, chosen.implied, chosen.format.name(), findings);
  const { series, counters, meters } = finish(collector, chosen.timeZone, findings, chosen.format.fallbackSeconds);
  if (series.length === 0 && counters.length === 0)
    throw new MeterFileError(
      'no-readings',
      `This is a file of the format “${chosen.format.name()}”, but it holds no readings. Choose a longer period when you download it.`,
    );
  noteWhatIsNotThere(series, findings);
  return {
    format: chosen.format.id,
    formatName: chosen.format.name(),
    confidence: chosen.candidate.confidence,
    reason: chosen.candidate.reason,
    ties: chosen.ties,
    timeZone: chosen.timeZone,
    series,
    summaries: series.map(summarize),
    meters,
    counters,
    findings: findings.all(),
  };
};
