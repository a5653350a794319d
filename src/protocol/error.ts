/** What a check of the protocol refuses, by a name that stays the same over versions and languages. */
export type ProtocolErrorCode =
  | 'malformed'
  | 'bad-signature'
  | 'wrong-signer'
  | 'wrong-community'
  | 'wrong-round'
  | 'wrong-announcement'
  | 'wrong-list'
  | 'wrong-norms'
  | 'wrong-circuits'
  | 'unknown-invite'
  | 'bad-certificate'
  | 'bad-manifest'
  | 'bad-amendment'
  | 'bad-announcement'
  | 'bad-ciphertext'
  | 'bad-fingerprint'
  | 'bad-list'
  | 'bad-share'
  | 'bad-key'
  | 'bad-answer'
  | 'bad-value'
  | 'not-enough-homes'
  | 'not-enough-seals'
  | 'not-enough-openings'
  | 'openings-disagree'
  | 'totals-mismatch'
  | 'too-early'
  | 'stale'
  | 'already-decided'
  | 'rolled-back'
  | 'split-view'
  | 'spoiled';

/** A message, value or file that the protocol refuses; `code` is for programs, `message` for people. */
export class ProtocolError extends Error {
  readonly code: ProtocolErrorCode;

  constructor(code: ProtocolErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ProtocolError';
    this.code = code;
  }
}
