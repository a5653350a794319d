/**
 * The device's screen lock or a security key as a way into the vault: a WebAuthn credential with the PRF extension (Web
 * Authentication Level 3, section 10.1.4). There is no server to sign in to, so challenge and signature mean nothing; only
 * the PRF's output counts, and nobody gets it without the authenticator and its owner's finger, face or PIN.
 *
 * For the page: workers have no `navigator.credentials`.
 */

import { ownBytes, type Bytes } from '../../protocol/bytes.ts';
import { VaultError } from './error.ts';

/** What has to be kept to ask a credential again; nothing of it is secret. */
export interface PrfCredential {
  readonly credentialId: Bytes;
  /** The PRF's input, 32 random bytes. */
  readonly salt: Bytes;
}

/** Whether this browser says that it can ask for a PRF, at an address that has a name, as WebAuthn demands. */
export async function canUsePrf(): Promise<boolean> {
  if (!('PublicKeyCredential' in globalThis) || !('getClientCapabilities' in PublicKeyCredential)) return false;
  if (/^\[|^[\d.]+$/.test(location.hostname)) return false;
  return (await PublicKeyCredential.getClientCapabilities())['extension:prf'] === true;
}

/**
 * Makes a credential and asks it for its output. Some authenticators give it at once, others only when asked again.
 * @throws {VaultError} `unavailable` when the owner said no or the authenticator has no PRF
 */
export async function createPrfCredential(): Promise<PrfCredential & { readonly output: Bytes }> {
  const salt = random(32);
  const appName = /* @wc-ignore */ 'Private Energy Usage Analytics';
  const created = await asked(() =>
    navigator.credentials.create({
      publicKey: {
        challenge: random(32),
        rp: { id: location.hostname, name: appName },
        user: { id: random(32), name: appName, displayName: appName },
        // ES256 and RS256: every authenticator has one of them.
        pubKeyCredParams: [-7, -257].map((alg) => ({ type: 'public-key', alg })),
        authenticatorSelection: { residentKey: 'preferred', userVerification: 'required' },
        attestation: 'none',
        extensions: { prf: { eval: { first: salt } } },
      },
    }),
  );
  const { prf } = created.getClientExtensionResults();
  if (prf?.enabled !== true)
    throw new VaultError(
      'unavailable',
      'This screen lock or security key cannot keep a key for the app. Nothing was changed. Try another one, or use the passphrase.',
    );
  const credential = { credentialId: new Uint8Array(created.rawId), salt };
  return { ...credential, output: outputOf(created) ?? (await askPrf(credential)) };
}

/**
 * Asks a credential for its output, which is 32 bytes and secret.
 * @throws {VaultError} `unavailable` when the owner said no, or this device does not know the credential
 */
export async function askPrf({ credentialId, salt }: PrfCredential): Promise<Bytes> {
  const answer = await asked(() =>
    navigator.credentials.get({
      publicKey: {
        challenge: random(32),
        rpId: location.hostname,
        allowCredentials: [{ type: 'public-key', id: ownBytes(credentialId) }],
        userVerification: 'required',
        extensions: { prf: { eval: { first: ownBytes(salt) } } },
      },
    }),
  );
  const output = outputOf(answer);
  if (output === undefined) throw refused();
  return output;
}

const random = (length: number): Bytes => crypto.getRandomValues(new Uint8Array(length));

function outputOf(credential: PublicKeyCredential): Bytes | undefined {
  const first = credential.getClientExtensionResults().prf?.results?.first;
  if (first === undefined) return undefined;
  return ArrayBuffer.isView(first)
    ? new Uint8Array(first.buffer, first.byteOffset, first.byteLength).slice()
    : new Uint8Array(first);
}

/** Browsers do not tell apart, for privacy, whether the owner cancelled, waited too long, or has no such credential. */
const refused = (cause?: unknown): VaultError =>
  new VaultError(
    'unavailable',
    'The screen lock or security key did not answer. Try again, or use your passphrase or recovery code.',
    { cause },
  );

async function asked(ask: () => Promise<Credential | null>): Promise<PublicKeyCredential> {
  const credential = await ask().catch((cause: unknown) => {
    throw refused(cause);
  });
  if (!(credential instanceof PublicKeyCredential)) throw refused();
  return credential;
}
