/** Files that are no meter data at all, told by their first bytes, with words for who chose them. */

import { MeterFileError } from './errors.ts';

const startsWith = (head: Uint8Array, signature: readonly (number | string)[], at = 0): boolean =>
  signature.every((part, i) => head[at + i] === (typeof part === 'string' ? part.charCodeAt(0) : part));

const ascii = (head: Uint8Array, from: number, until: number): string =>
  String.fromCharCode(...head.subarray(from, until));

const photo = (): string =>
  'This is a picture. The app needs the file with your readings (CSV, XML or Excel), which you get from your supplier’s website. To use a photo of your meter, type in the number it shows under “Meter readings by hand”.';
const document = (what: string) =>
  `This is ${what}, not a table of readings. Look on your supplier’s website for “download usage data” or “export”, which gives a CSV, XML or Excel file.`;

/** @throws MeterFileError when the first bytes are those of a picture, a PDF, a document, a program, a film or a database */
export const refuseKnownContents = (head: Uint8Array): void => {
  const isPhoto =
    startsWith(head, [0xff, 0xd8, 0xff]) ||
    startsWith(head, [0x89, 'P', 'N', 'G']) ||
    startsWith(head, ['G', 'I', 'F', '8']) ||
    (startsWith(head, ['B', 'M']) && head.length > 30 && head[14] === 40) ||
    startsWith(head, ['I', 'I', 0x2a, 0]) ||
    startsWith(head, ['M', 'M', 0, 0x2a]) ||
    (startsWith(head, ['R', 'I', 'F', 'F']) && ascii(head, 8, 12) === 'WEBP') ||
    (ascii(head, 4, 8) === 'ftyp' && /^(heic|heix|hevc|heif|mif1|msf1|avif)/.test(ascii(head, 8, 12)));
  if (isPhoto) throw new MeterFileError('photo', photo());
  if (startsWith(head, ['%', 'P', 'D', 'F', '-']))
    throw new MeterFileError(
      'pdf',
      'This is a PDF, probably a bill. Bills cannot be read. Look on your supplier’s website for “download usage data” (CSV, XML or Excel), or type in the meter readings of the bill under “Meter readings by hand”.',
    );
  if (startsWith(head, [0xd0, 0xcf, 0x11, 0xe0]))
    throw new MeterFileError(
      'document',
      'This is a file of an old Office version (.xls or .doc). Open it in a spreadsheet program and save it as .xlsx or .csv.',
    );
  if (startsWith(head, ['S', 'Q', 'L', 'i', 't', 'e']))
    throw new MeterFileError('document', document(/* @wc-include */ 'a database'));
  if (ascii(head, 4, 8) === 'ftyp' || startsWith(head, [0x1a, 0x45, 0xdf, 0xa3]) || startsWith(head, ['I', 'D', '3']))
    throw new MeterFileError('document', document(/* @wc-include */ 'a film or sound recording'));
  if (startsWith(head, ['{', '\\', 'r', 't', 'f']))
    throw new MeterFileError('document', document(/* @wc-include */ 'a text document'));
  if (startsWith(head, [0x7f, 'E', 'L', 'F']) || startsWith(head, ['M', 'Z', 0x90]))
    throw new MeterFileError('document', document(/* @wc-include */ 'a program'));
  if (startsWith(head, ['R', 'a', 'r', '!']) || startsWith(head, ['7', 'z', 0xbc, 0xaf]))
    throw new MeterFileError(
      'document',
      'This archive (RAR or 7z) cannot be opened here. Unpack it and choose the file inside.',
    );
};

/** @throws MeterFileError when a text is a web page: a download that ended at the log-in page, or a table named `.xls` */
export const refuseWebPage = (text: string): void => {
  if (
    /^\s*(<\?xml[^>]*>\s*)?(<\?mso-application|<Workbook|<table)/i.test(text) ||
    (/^\s*</.test(text) && /urn:schemas-microsoft-com:office:(excel|spreadsheet)/.test(text))
  )
    throw new MeterFileError(
      'document',
      'This file calls itself an Excel file, but is a web page or an old kind of XML. Open it in a spreadsheet program and save it as .xlsx or .csv.',
    );
  if (/^\s*(<!doctype html|<html|<head)/i.test(text))
    throw new MeterFileError(
      'document',
      'This is a web page, not the readings themselves; perhaps the log-in had run out. Log in at your supplier again and repeat the download.',
    );
};
