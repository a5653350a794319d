/**
 * Invites: a one-time Ed25519 key whose seed travels in the fragment of a link, which browsers never send to a server.
 */
import * as v from 'valibot';
import { fromBase64Url, toBase64Url, type Bytes } from './bytes.ts';
import { decodeCbor, encodeCbor } from './cbor.ts';
import { ProtocolError } from './error.ts';
import { bytes, hash } from './fields.ts';

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
  const encoded = fromBase64Url(link.trim().slice(link.trim().indexOf('#') + 1));
  if (encoded === null || encoded.length === 0) {
    throw new ProtocolError('malformed', 'This is no whole invite link: ask for it again or copy it to its very end');
  }
  const [url, community, seed] = decodeCbor(inviteSchema, encoded, 'The invite link');
  return { endpointUrl: url, community, seed };
}
