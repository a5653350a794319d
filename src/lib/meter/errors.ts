/** Why a file could not be read as a meter file. Messages are for the file's owner and are shown as they are. */

export type MeterFileErrorCode =
  | 'empty'
  | 'too-large'
  | 'photo'
  | 'pdf'
  | 'document'
  | 'unknown-format'
  | 'unknown-table'
  | 'truncated'
  | 'damaged'
  | 'protected'
  | 'no-electricity'
  | 'no-readings'
  | 'cancelled';

export class MeterFileError extends Error {
  override readonly name = 'MeterFileError';
  readonly code: MeterFileErrorCode;

  /** @param message what the file is and what to do, in full sentences. */
  constructor(code: MeterFileErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
