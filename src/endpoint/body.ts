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
  const reader = request.body?.getReader();
  if (reader === undefined) return new Uint8Array();
  let late: ReturnType<typeof setTimeout> | undefined;
  const deadline = new Promise<never>((_, fail) => {
    late = setTimeout(() => fail(new Problem('too-slow', 'Send it again over a better connection.')), mostMs);
  });
  const chunks: Uint8Array[] = [];
  let length = 0;
  try {
    for (;;) {
      const { value } = await Promise.race([reader.read(), deadline]);
      if (value === undefined) break;
      length += value.length;
      if (length > mostBytes) throw tooLarge();
      chunks.push(value);
    }
  } catch (error) {
    reader.cancel().catch(() => undefined);
    throw error;
  } finally {
    clearTimeout(late);
  }
  return concatBytes(...chunks);
}
