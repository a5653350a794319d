/** Answers with a file: validators, caching, and parts of it (RFC 9110). */
import { toHex, type Bytes } from '../protocol/bytes.ts';
import { sha256 } from '../protocol/hash.ts';
import { Problem } from './problem.ts';

/** How an answer may be kept: for good, only to be asked about again, or not at all. */
export type Caching = 'immutable' | 'revalidate' | 'never';

const cacheControl: Record<Caching, string> = {
  immutable: 'public, max-age=31536000, immutable',
  revalidate: 'no-cache',
  never: 'no-store',
};

/** First and last position of the only range that is asked for; undefined if the whole file is. */
function rangeOf(request: Request, length: number, etag: string): readonly [first: number, last: number] | undefined {
  const asked = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(request.headers.get('range') ?? '');
  const condition = request.headers.get('if-range');
  if (asked === null || (condition !== null && condition !== etag)) return undefined;
  const [, from = '', to = ''] = asked;
  if (from === '' && to === '') return undefined;
  const first = from === '' ? Math.max(0, length - Number(to)) : Number(from);
  const last = from === '' || to === '' ? length - 1 : Math.min(Number(to), length - 1);
  if (from !== '' && to !== '' && Number(to) < first) return undefined;
  if (first > last) throw new Problem('bad-range', `The file has ${length} bytes.`);
  return [first, last];
}

/**
 * The answer to a GET or HEAD with this file.
 *
 * @throws {Problem} `bad-range`
 */
export async function fileAnswer(request: Request, bytes: Bytes, caching: Caching): Promise<Response> {
  const etag = `"${toHex(await sha256(bytes))}"`;
  const headers: Record<string, string> = { 'Cache-Control': cacheControl[caching] };
  if (caching !== 'never') headers.ETag = etag;
  const known = request.headers.get('if-none-match')?.split(',');
  if (caching !== 'never' && known?.some((one) => ['*', etag].includes(one.trim().replace(/^W\//, '')))) {
    return new Response(null, { status: 304, headers });
  }
  const range = rangeOf(request, bytes.length, etag);
  const [first, last] = range ?? [0, bytes.length - 1];
  headers['Content-Type'] = 'application/octet-stream';
  headers['Accept-Ranges'] = 'bytes';
  headers['Content-Length'] = String(last - first + 1);
  if (range !== undefined) headers['Content-Range'] = `bytes ${first}-${last}/${bytes.length}`;
  return new Response(bytes.slice(first, last + 1), { status: range === undefined ? 200 : 206, headers });
}
