import { generateKeyPairSync, sign, verify } from 'node:crypto';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { fromHex, toHex, type Bytes } from '../../src/protocol/bytes.ts';

const bytesOf = (hex: string): Bytes => {
  const bytes = fromHex(hex);
  if (bytes === null) throw new Error('no hex');
  return bytes;
};

/** RFC 8032 section 7.1, tests 1 to 3. */
const known = [
  {
    seed: '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60',
    key: 'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a',
    message: '',
    signature:
      'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b',
  },
  {
    seed: '4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb',
    key: '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c',
    message: '72',
    signature:
      '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
  },
  {
    seed: 'c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7',
    key: 'fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025',
    message: 'af82',
    signature:
      '6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a',
  },
];

/** The module as it loads where WebCrypto has Ed25519, and where it has not. */
const withNative = () => import('../../src/protocol/ed25519.ts');
const withoutNative = async () => {
  vi.resetModules();
  const importKey = crypto.subtle.importKey.bind(crypto.subtle);
  vi.spyOn(crypto.subtle, 'importKey').mockImplementation((...args: Parameters<typeof importKey>) =>
    args[2] === 'Ed25519'
      ? Promise.reject(new DOMException('Unrecognized name.', 'NotSupportedError'))
      : importKey(...args),
  );
  return import('../../src/protocol/ed25519.ts');
};
afterEach(() => {
  vi.restoreAllMocks();
  vi.resetModules();
});

describe.each([
  ['by WebCrypto', withNative],
  ['by noble, where WebCrypto lacks it', withoutNative],
])('%s', (_, load) => {
  test.each(known)('RFC 8032 message "$message"', async ({ seed, key, message, signature }) => {
    const { signerFromSeed, verifyEd25519 } = await load();
    const signer = await signerFromSeed(bytesOf(seed));
    expect(toHex(signer.publicKey)).toBe(key);
    expect(toHex(await signer.sign(bytesOf(message)))).toBe(signature);
    expect(await verifyEd25519(bytesOf(key), bytesOf(signature), bytesOf(message))).toBe(true);
  });

  test('false, never a throw, for what is not a signature', async () => {
    const { verifyEd25519 } = await load();
    const [first] = known;
    const [key, signature] = [bytesOf(first?.key ?? ''), bytesOf(first?.signature ?? '')];
    expect(await verifyEd25519(key, signature, Uint8Array.of(1))).toBe(false);
    expect(await verifyEd25519(key, signature.slice(1), new Uint8Array())).toBe(false);
    expect(await verifyEd25519(key.slice(1), signature, new Uint8Array())).toBe(false);
    expect(await verifyEd25519(new Uint8Array(32).fill(255), signature, new Uint8Array())).toBe(false);
    // S + L is another encoding of the same signature (RFC 8032 section 5.1.7 refuses it).
    const order = 2n ** 252n + 27742317777372353535851937790883648493n;
    const s = signature.slice(32).reduceRight((value, byte) => value * 256n + BigInt(byte), 0n) + order;
    const malleable = signature.slice();
    for (let i = 0; i < 32; i++) malleable[32 + i] = Number((s >> BigInt(8 * i)) & 255n);
    expect(await verifyEd25519(key, malleable, new Uint8Array())).toBe(false);
  });

  test('agrees with OpenSSL both ways', async () => {
    const { randomSeed, signerFromSeed, verifyEd25519 } = await load();
    const message = new TextEncoder().encode('agrees');
    const { publicKey, privateKey } = generateKeyPairSync('ed25519');
    const raw = publicKey.export({ type: 'spki', format: 'der' }).subarray(-32);
    expect(await verifyEd25519(new Uint8Array(raw), new Uint8Array(sign(null, message, privateKey)), message)).toBe(
      true,
    );
    const signer = await signerFromSeed(randomSeed());
    const head = Buffer.from('302a300506032b6570032100', 'hex');
    const key = { key: Buffer.concat([head, signer.publicKey]), format: 'der', type: 'spki' } as const;
    expect(verify(null, message, key, await signer.sign(new Uint8Array(message)))).toBe(true);
  });

  test('a seed has 32 bytes', async () => {
    const { signerFromSeed } = await load();
    await expect(signerFromSeed(new Uint8Array(31))).rejects.toThrow('32 bytes');
  });
});
