/**
 * What went wrong:
 * `malformed` bytes that are not what they should be; `unsupported` well-formed, but of a kind not covered here;
 * `too-large` over a declared limit; `circuit` a circuit that would break the declared failure probability or range.
 */
export type EvaluatorErrorCode = 'malformed' | 'unsupported' | 'too-large' | 'circuit';

/** The evaluator's own refusals. The message says what is wrong and what would be accepted. */
export class EvaluatorError extends Error {
  override readonly name = 'EvaluatorError';
  readonly code: EvaluatorErrorCode;

  constructor(code: EvaluatorErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
