/** What is inside a ZIP archive, within bounds. */

import { unzipSync } from 'fflate';
import { MeterFileError } from './errors.ts';

/** Unpacked bytes that are accepted of one archive. */
const unpackedLimit = 256 * 2 ** 20;
const filesLimit = 500;

/**
 * Unpacks the files whose names are wanted.
 * @throws MeterFileError `damaged`, `protected` or `too-large`
 */
export const unzip = (bytes: Uint8Array, wanted: (name: string) => boolean): Map<string, Uint8Array> => {
  let unpacked = 0;
  let files = 0;
  // General purpose flag bit 0 of the first local header: encrypted (APPNOTE 4.4.4).
  if (((bytes[6] ?? 0) & 1) === 1)
    throw new MeterFileError(
      'protected',
      'The archive is protected by a password. Unpack it and choose the file inside.',
    );
  try {
    const entries = unzipSync(bytes, {
      filter: ({ name, originalSize }) => {
        if (name.endsWith('/') || !wanted(name)) return false;
        unpacked += originalSize;
        if (++files > filesLimit || unpacked > unpackedLimit)
          throw new MeterFileError(
            'too-large',
            'The archive holds too much. Unpack it and choose the file with your readings.',
          );
        return true;
      },
    });
    return new Map(Object.entries(entries));
  } catch (error) {
    if (error instanceof MeterFileError) throw error;
    throw new MeterFileError('damaged', 'The archive (ZIP) or workbook is damaged or incomplete. Download it again.');
  }
};
