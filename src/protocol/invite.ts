/**
 * Invites: a one-time Ed25519 key whose seed travels in the fragment of a link, which browsers never send to a server.
 */
import * as v from 'valibot';
import { equalBytes, fromBase64Url, toBase64Url, type Bytes } from './bytes.ts';
import { decodeCbor, encodeCbor } from './cbor.ts';
import { verifyCertificates, type Certificate } from './certificate.ts';
import { certificatesSchema } from './contribution.ts';
import { signerFromSeed } from './ed25519.ts';
import { ProtocolError } from './error.ts';
import { bytes, hash, key } from './fields.ts';

export interface Invite {
  /** Origin and path of the endpoint, such as `https://totals.example`, without a slash at its end. */
  readonly endpointUrl: string;
  readonly community: Bytes;
  /** Secret seed of the invite's key. */
  readonly seed: Bytes;
}

/** The address of an endpoint as links have it. */
export const endpointUrl = v.pipe(
  v.string(),
  v.maxLength(200),
  v.check((text) => isEndpointUrl(text), 'must be an http(s) address without a slash at its end'),
);

/** A home's membership on its way to its next device, whose member key the older device has certified. */
export interface DeviceLink {
  readonly endpointUrl: string;
  readonly community: Bytes;
  /** Public key of the home's invite. */
  readonly invite: Bytes;
  /** From the invite to the new device's member key. */
  readonly certificates: readonly Certificate[];
  /** Secret seed of that key. */
  readonly seed: Bytes;
}

const inviteSchema = v.strictTuple([endpointUrl, hash, bytes(32)]);

function isEndpointUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, username, password, search, hash } = new URL(text);
  return /^https?:$/.test(protocol) && `${username}${password}${search}${hash}` === '' && !text.endsWith('/');
}

/** `<appOrigin>/join/#<base64url of CBOR [endpointUrl, community, seed]>` */
export function encodeInviteLink(appOrigin: string, { endpointUrl: url, community, seed }: Invite): string {
  return `${appOrigin}/join/#${toBase64Url(encodeCbor([url, community, seed]))}`;
}

/**
 * Reads an invite from a whole link or from its fragment (with or without `#`).
 *
 * @throws {ProtocolError} `malformed`
 */
export function parseInviteLink(link: string): Invite {
  const [url, community, seed] = decodeCbor(inviteSchema, bytesOf(link, 'invite'), 'The invite link');
  return { endpointUrl: url, community, seed };
}

function bytesOf(link: string, what: 'invite' | 'device'): Bytes {
  const fragment = link.trim().slice(link.trim().indexOf('#') + 1);
  const mark = what === 'device' ? deviceMark : '';
  const encoded = fragment.startsWith(mark) ? fromBase64Url(fragment.slice(mark.length)) : null;
  if (encoded === null || encoded.length === 0) {
    throw new ProtocolError(
      'malformed',
      what === 'device'
        ? 'This device link is not complete: ask for it again, or copy all of it'
        : 'This invite link is not complete: ask for it again, or copy all of it',
    );
  }
  return encoded;
}

/** What the fragment of a device link begins with; no base64url begins so. */
const deviceMark = 'device.';
const deviceSchema = v.strictTuple([endpointUrl, hash, key, certificatesSchema, bytes(32)]);

export const isDeviceLink = (link: string): boolean => link.includes(`#${deviceMark}`) || link.startsWith(deviceMark);

/** `<appOrigin>/join/#device.<base64url of CBOR [endpointUrl, community, invite, certificates, seed]>` */
export function encodeDeviceLink(appOrigin: string, link: DeviceLink): string {
  const chain = link.certificates.map(({ member, signature }) => [member, signature]);
  const encoded = encodeCbor([link.endpointUrl, link.community, link.invite, chain, link.seed]);
  return `${appOrigin}/join/#${deviceMark}${toBase64Url(encoded)}`;
}

/**
 * Reads a device link, whole or its fragment, and checks that its key is certified.
 *
 * @throws {ProtocolError} `malformed`, `bad-certificate`
 */
export async function parseDeviceLink(link: string): Promise<DeviceLink> {
  const [url, community, invite, chain, seed] = decodeCbor(deviceSchema, bytesOf(link, 'device'), 'The device link');
  const certificates = chain.map(([member, signature]) => ({ member, signature }));
  await verifyCertificates(community, invite, certificates);
  const { publicKey } = await signerFromSeed(seed);
  if (!equalBytes(certificates.at(-1)?.member ?? invite, publicKey)) {
    throw new ProtocolError('bad-certificate', 'The key of this device link is not the one that it certifies');
  }
  return { endpointUrl: url, community, invite, certificates, seed };
}
