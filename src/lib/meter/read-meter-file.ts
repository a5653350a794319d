/** A meter file's bytes to reading series: what it is, by content, and what is in it. */

import { isTimeZone, offsetMsAt } from '../series/local-day.ts';
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
import { unzip } from './zip.ts';

/** Bytes of a file, unpacked, that are read: a hundred years of quarter hours fit. */
const sizeLimit = 160 * 2 ** 20;
/** Bytes by which a file is recognised. */
const sampleBytes = 1 << 16;
const sampleRows = 200;
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

/** A text, unpacked, by its first bytes and the rest; or the rows of a workbook. */
type Content =
  | {
      readonly kind: 'text';
      readonly sample: FileSample;
      readonly pieces: () => AsyncIterable<string>;
      readonly delimiter: string | undefined;
    }
  | { readonly kind: 'rows'; readonly sample: FileSample; readonly rows: readonly NumberedRow[] };

const isZip = (head: Uint8Array): boolean => head[0] === 0x50 && head[1] === 0x4b && (head[2] ?? 9) <= 7;
const isGzip = (head: Uint8Array): boolean => head[0] === 0x1f && head[1] === 0x8b;

/** Formats that fit a sample, best first. */
export const detectFormat = (sample: FileSample): { format: MeterFormat; candidate: Candidate }[] =>
  formats
    .flatMap((format) => {
      const match = format.detect(sample);
      return match === undefined || match.confidence < leastConfidence
        ? []
        : [{ format, candidate: { id: format.id, name: format.name, ...match } }];
    })
    .sort((a, b) => b.candidate.confidence - a.candidate.confidence);

/** The sample of a text's beginning. */
export const sampleOf = (text: string): { sample: FileSample; delimiter: string | undefined } => {
  if (/^\s*[<{[]/.test(text)) return { sample: { text, rows: [] }, delimiter: undefined };
  // The last line of a cut text is rarely whole.
  const whole = text.length < sampleBytes / 2 ? text : text.slice(0, text.lastIndexOf('\n') + 1 || text.length);
  const delimiter = guessDelimiter(whole);
  const rows = parseRows(whole, delimiter ?? ',')
    .filter((row) => row.length > 1 || (row[0] ?? '').trim() !== '')
    .slice(0, sampleRows);
  return { sample: { text, rows }, delimiter };
};

const openText = (head: Uint8Array, all: AsyncIterable<Uint8Array>): Content => {
  const encoding = encodingOf(head);
  const text = new TextDecoder(encoding).decode(head, { stream: true });
  refuseWebPage(text);
  return { kind: 'text', ...sampleOf(text), pieces: () => decodeText(limited(all, sizeLimit), encoding) };
};

/** Opens a file: packed ones are unpacked. A ZIP of several files gives several contents. */
async function* openContents(source: ByteSource, depth = 0): AsyncGenerator<Content> {
  const { head, all } = await peek(source, sampleBytes);
  if (head.length === 0) throw new MeterFileError('empty', 'The file is empty. Download it again.');
  refuseKnownContents(head);
  if (isGzip(head)) {
    if (depth > 1)
      throw new MeterFileError(
        'damaged',
        'The file is packed several times over. Unpack it and choose the file inside.',
      );
    yield* openContents(limited(gunzip(all), sizeLimit), depth + 1);
  } else if (isZip(head)) {
    const bytes = await readAll(all, sizeLimit);
    yield* openArchive(bytes, depth);
  } else yield openText(head, all);
}

async function* openArchive(bytes: Uint8Array, depth: number): AsyncGenerator<Content> {
  const names: string[] = [];
  const entries = unzip(bytes, (name) => {
    names.push(name);
    return (
      depth === 0 &&
      !/(^|\/)(__MACOSX\/|\.)|\.(pdf|png|jpe?g|html?|css|xslt?|docx?)$/i.test(name) &&
      !names.includes('xl/workbook.xml')
    );
  });
  if (names.some((name) => /^xl\/workbook\.xml$/i.test(name))) {
    for (const { rows } of readWorkbook(bytes)) {
      const sample: FileSample = { text: '', rows: rows.slice(0, sampleRows).map(({ cells }) => cells), decimal: '.' };
      if (rows.length > 0) yield { kind: 'rows', sample, rows };
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
  for (const [, entry] of [...entries].sort(([a], [b]) => (a < b ? -1 : 1)))
    yield* openContents(piecesOf(entry), depth + 1);
}

const asOnly = (format: MeterFormat) => [
  { format, candidate: { id: format.id, name: format.name, confidence: 1, reason: 'your choice' } },
];

const throwIfAborted = (signal: AbortSignal | undefined): void => {
  if (signal?.aborted === true) throw new MeterFileError('cancelled', 'The import was cancelled.');
};

/** Feeds a content to a format's reader, with progress, letting others have a turn now and then. */
const feed = async (
  content: Content,
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

const unknown = ({ sample }: Content): MeterFileError => {
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
  name: 'Table with columns you chose',
  timeZone: 'UTC',
  input: 'rows',
  detect: () => ({ confidence: 1, reason: 'the columns you chose' }),
  open: (context) => openMappedTable(mapping, context),
});

/**
 * What the columns of a table may mean; undefined when it has no column of dates or none of numbers.
 * @throws MeterFileError when the file is no table at all
 */
export const readTableGuess = async (source: ByteSource): Promise<ColumnGuess | undefined> => {
  for await (const { sample } of openContents(source)) {
    const guess = guessColumns(sample);
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
  let refusal: MeterFileError | undefined;
  for await (const content of openContents(watched(source, options))) {
    const found = options.mapping === undefined ? detectFormat(content.sample) : asOnly(mappedFormat(options.mapping));
    const wanted = options.format ?? chosen?.format.id;
    const best = wanted === undefined ? found[0] : found.find(({ format }) => format.id === wanted);
    if (best === undefined) {
      refusal ??= unknown(content);
      continue;
    }
    const { format, candidate } = best;
    const implied = typeof format.timeZone === 'string' ? format.timeZone : format.timeZone(content.sample);
    const timeZone = format.fixedTimeZone === true ? implied : (options.timeZone ?? implied);
    if (chosen === undefined)
      chosen = {
        format,
        candidate,
        timeZone,
        implied,
        ties: found
          .filter((other) => other !== best && other.candidate.confidence > candidate.confidence - tieMargin)
          .map((other) => other.candidate),
      };
    collector ??= new Collector();
    await feed(content, format, { timeZone, sample: content.sample, collector, findings }, options.signal);
  }
  if (chosen === undefined || collector === undefined)
    throw refusal ?? new MeterFileError('no-readings', 'There is nothing to read in this file.');
  noteForeignZone(collector, chosen.timeZone, chosen.implied, chosen.format.name, findings);
  const { series, counters, meters } = finish(collector, chosen.timeZone, findings, chosen.format.fallbackSeconds);
  if (series.length === 0 && counters.length === 0)
    throw new MeterFileError(
      'no-readings',
      `This is a file of the format “${chosen.format.name}”, but it holds no readings. Choose a longer period when you download it.`,
    );
  noteWhatIsNotThere(series, findings);
  return {
    format: chosen.format.id,
    formatName: chosen.format.name,
    confidence: chosen.candidate.confidence,
    reason: chosen.candidate.reason,
    ties: options.format === undefined ? chosen.ties : [],
    timeZone: chosen.timeZone,
    series,
    meters,
    counters,
    findings: findings.all(),
  };
};
