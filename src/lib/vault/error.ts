export type VaultErrorCode =
  'unavailable' | 'no-space' | 'newer-version' | 'damaged' | 'not-found' | 'locked' | 'wrong-secret' | 'not-a-backup';

/** What storage on this device refuses or cannot do; `code` is for programs, `message` for people. */
export class VaultError extends Error {
  readonly code: VaultErrorCode;

  constructor(code: VaultErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'VaultError';
    this.code = code;
  }
}

const isNamed = (error: unknown, name: string): boolean =>
  typeof error === 'object' && error !== null && 'name' in error && error.name === name;

/** The {@link VaultError} that an error of IndexedDB means; other errors as they are. */
export function vaultErrorOf(error: unknown): unknown {
  if (isNamed(error, 'QuotaExceededError'))
    return new VaultError(
      'no-space',
      'This device has no room left for the app’s data. Nothing was changed. Free some space and try again.',
      { cause: error },
    );
  if (isNamed(error, 'VersionError'))
    return new VaultError(
      'newer-version',
      'The data on this device was written by a newer version of the app. Close all its tabs and open it again.',
      { cause: error },
    );
  if (['InvalidStateError', 'UnknownError', 'SecurityError'].some((name) => isNamed(error, name)))
    return new VaultError(
      'unavailable',
      'This browser does not let the app store data here. Leave private browsing, or allow site data, and reload.',
      { cause: error },
    );
  return error;
}
