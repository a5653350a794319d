/** What is inside a ZIP archive, within bounds. */

import { unzipSync } from 'fflate';
import { MeterFileError } from './errors.ts';

/** What archives may still hold, unpacked; archives within archives share one account. */
export interface UnpackingLimits {
  bytes: number;
  files: number;
}
export const unpackingLimits: Readonly<UnpackingLimits> = { bytes: 256 * 2 ** 20, files: 500 };

/**
 * Unpacks the files whose names are wanted, and takes what they need off the limits.
 * @throws MeterFileError `damaged`, `protected` or `too-large`
 */
export const unzip = (
  bytes: Uint8Array,
  wanted: (name: string) => boolean,
  left: UnpackingLimits = { ...unpackingLimits },
): Map<string, Uint8Array> => {
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
        left.bytes -= originalSize;
        left.files--;
        if (left.files < 0 || left.bytes < 0)
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
