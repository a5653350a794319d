/** Bytes to text: the encodings meter files come in. */

/** Encoding by byte order mark, else UTF-8 if the sample is, else Windows-1252 (a superset of what Latin-1 files use). */
export const encodingOf = (head: Uint8Array): string => {
  if (head[0] === 0xff && head[1] === 0xfe) return 'utf-16le';
  if (head[0] === 0xfe && head[1] === 0xff) return 'utf-16be';
  // UTF-16 without a mark: every other byte of a mostly Latin text is zero.
  const sample = head.subarray(0, 512);
  const zerosAt = (parity: number) => sample.filter((byte, i) => byte === 0 && i % 2 === parity).length;
  if (zerosAt(1) > sample.length * 0.4) return 'utf-16le';
  if (zerosAt(0) > sample.length * 0.4) return 'utf-16be';
  try {
    // `stream` lets the sample end in the middle of a character.
    new TextDecoder('utf-8', { fatal: true }).decode(head, { stream: true });
    return 'utf-8';
  } catch {
    return 'windows-1252';
  }
};

/** Decoded text in pieces, without a byte order mark. */
export async function* decodeText(chunks: AsyncIterable<Uint8Array>, encoding: string): AsyncGenerator<string> {
  const decoder = new TextDecoder(encoding);
  for await (const chunk of chunks) {
    const text = decoder.decode(chunk, { stream: true });
    if (text !== '') yield text;
  }
  const rest = decoder.decode();
  if (rest !== '') yield rest;
}
