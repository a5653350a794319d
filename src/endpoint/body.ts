import { concatBytes, type Bytes } from '../protocol/bytes.ts';
import { Problem } from './problem.ts';

/**
 * Reads a request's body: nothing of one that says it is too large, and no more than `mostBytes` of any other.
 *
 * @throws {Problem} `wrong-type`, `too-large`, `too-slow`
 */
export async function readBody(
  request: Request,
  mostBytes: number,
  mostMs: number,
  contentType = 'application/cbor',
): Promise<Bytes> {
  const type = request.headers.get('content-type')?.split(';')[0]?.trim().toLowerCase();
  if (type !== contentType) throw new Problem('wrong-type', `Send it with the content type ${contentType}.`);
  const tooLarge = (): Problem => new Problem('too-large', `It may have ${mostBytes} bytes at most.`);
  if (Number(request.headers.get('content-length') ?? 0) > mostBytes) throw tooLarge();
  const chunks: Uint8Array[] = [];
  let length = 0;
  const sink = new WritableStream<Uint8Array>({
    write(chunk) {
      length += chunk.length;
      if (length > mostBytes) throw tooLarge();
      chunks.push(chunk);
    },
  });
  try {
    await request.body?.pipeTo(sink, { signal: AbortSignal.timeout(mostMs) });
  } catch (error) {
    const isSlow = error instanceof DOMException && error.name === 'TimeoutError';
    throw isSlow ? new Problem('too-slow', 'Send it again over a better connection.') : error;
  }
  return concatBytes(...chunks);
}
