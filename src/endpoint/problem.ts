/** What the endpoint refuses, as problem details (RFC 9457) of type `urn:peua:<code>`. */
import { ProtocolError, type ProtocolErrorCode } from '../protocol/error.ts';
import { StoreError } from './store.ts';

/** Kind of a refusal that is the endpoint's own, with its HTTP status and title. */
const own = {
  'not-found': [404, 'There is nothing here'],
  'bad-authorization': [401, 'Only stewards may read this'],
  'too-slow': [408, 'The request came in too slowly'],
  'too-large': [413, 'The request is too large'],
  'wrong-type': [415, 'The request has the wrong content type'],
  'bad-range': [416, 'The file has no such part'],
  'wrong-endpoint': [409, 'The community belongs to another endpoint'],
  'not-announced': [409, 'The round is not announced yet'],
  'not-opened': [409, 'The round is not opened yet'],
  'wrong-offset': [409, 'The upload goes on elsewhere'],
  'no-server-key': [409, 'The server key is not there'],
  'set-aside': [410, 'The comparison could not be computed'],
  'not-closed': [409, 'The round is not closed yet'],
  'round-closed': [409, 'The round is closed'],
  'round-full': [409, 'The round is full'],
  superseded: [409, 'A newer version is there'],
  left: [409, 'The home has left the community'],
  'already-bound': [409, 'The invite or key is taken'],
  'too-many': [429, 'There are too many of these'],
  'too-fast': [429, 'Too many requests'],
  damaged: [500, 'A stored file is damaged'],
  internal: [500, 'Something went wrong'],
  'storage-failed': [503, 'The storage failed'],
  'storage-full': [507, 'The storage is full'],
} as const satisfies Record<string, readonly [status: number, title: string]>;

const forbidden: readonly ProtocolErrorCode[] = ['bad-signature', 'wrong-signer', 'bad-certificate', 'unknown-invite'];
const conflicting: readonly ProtocolErrorCode[] = [
  'wrong-announcement',
  'wrong-list',
  'wrong-norms',
  'already-decided',
  'not-enough-seals',
  'not-enough-homes',
];

export type ProblemCode = keyof typeof own;

/** A refusal that has a code of the endpoint's own; `message` is for people. */
export class Problem extends Error {
  readonly code: ProblemCode;
  /** When to try again. */
  readonly retryAfterSeconds: number | undefined;

  constructor(code: ProblemCode, message: string, retryAfterSeconds?: number) {
    super(message);
    this.name = 'Problem';
    this.code = code;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/** For `catch`: undefined where there is a problem of one of these kinds; any other error goes on. */
export const undefinedFor =
  (...codes: readonly ProblemCode[]) =>
  (error: unknown): undefined => {
    if (error instanceof Problem && codes.includes(error.code)) return undefined;
    throw error;
  };

export interface ProblemDetails {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** What is not meant for the outside is told in general words. */
function problemOf(error: unknown): Problem {
  if (error instanceof Problem) return error;
  const code = error instanceof StoreError ? error.code : 'internal';
  if (code === 'full') {
    const text = 'Nothing was kept of this request. Tell who runs the endpoint, and send it again later.';
    return new Problem('storage-full', text);
  }
  const text = 'Tell who runs the endpoint, and try again later.';
  return new Problem(code === 'failed' ? 'storage-failed' : code, text);
}

/** The answer for an error. */
export function problemDetails(error: unknown): ProblemDetails {
  const headers: Record<string, string> = { 'Content-Type': 'application/problem+json' };
  if (error instanceof ProtocolError) {
    const { code, message } = error;
    const status = code === 'malformed' ? 400 : forbidden.includes(code) ? 403 : conflicting.includes(code) ? 409 : 422;
    return { type: `urn:peua:${code}`, title: 'The endpoint does not accept this', status, detail: message, headers };
  }
  const { code, message, retryAfterSeconds } = problemOf(error);
  const [status, title] = own[code];
  if (status === 401) headers['WWW-Authenticate'] = 'Steward';
  if (retryAfterSeconds !== undefined) headers['Retry-After'] = String(retryAfterSeconds);
  return { type: `urn:peua:${code}`, title, status, detail: message, headers };
}
