/** Test vectors of the links that people give each other. */
import { concatBytes, toHex, utf8 } from '../../src/protocol/bytes.ts';
import { certify, type Certificate } from '../../src/protocol/certificate.ts';
import type { Signer } from '../../src/protocol/ed25519.ts';
import { encodeStewardLink } from '../../src/protocol/founding.ts';
import { encodeDeviceLink, encodeInviteLink, type DeviceLink } from '../../src/protocol/invite.ts';
import { encodeCandidate, encodeSeatOffer } from '../../src/protocol/replacement.ts';
import { seedOf, signerOf, type Example } from './example.ts';
import { nth, toJson, type Bad, type Vectors } from './vector-parts.ts';

const app = 'https://app.example';
const endpointUrl = 'https://totals.example';
const text = (link: string): string => toHex(utf8(link));
const malformed = (name: string, link: string): Bad => ({ name, refused: 'malformed', bytes: text(link) });
const context = { note: 'bytes are the hex of the link’s UTF-8 text' };

/** What can be wrong with any link. */
const linkFaults = (link: string): Bad[] => [
  malformed('cut off by one character', link.slice(0, -1)),
  malformed('one character too many', `${link}A`),
  malformed('padded', `${link}=`),
  malformed('without a fragment', link.slice(0, link.indexOf('#') + 1)),
  malformed('a character that is not of base64url', link.replace(/.{3}$/, '+/A')),
];

/** What can be wrong with an endpoint’s address in a link. */
const addressFaults = (linkTo: (address: string) => string): Bad[] =>
  [
    ['an endpoint that is no http address', 'ftp://totals.example'],
    ['an endpoint with a slash at its end', 'https://totals.example/'],
    ['an endpoint with a query', 'https://totals.example/?a=1'],
    ['an endpoint with a password', 'https://me:secret@totals.example'],
  ].map(([name = '', address = '']) => malformed(name, linkTo(address)));

/** Vectors of all links. */
export async function linkVectors(example: Example, stranger: Signer): Promise<Vectors[]> {
  return [
    await inviteLinks(example),
    await deviceLinks(example, stranger),
    await stewardLinks(),
    seatLinks(example),
    newcomerLinks(example, stranger),
  ];
}

async function inviteLinks({ community }: Example): Promise<Vectors> {
  const seed = await seedOf('invite 0');
  const invite = { endpointUrl, community: community.id, seed };
  const linkOf = (change: Partial<typeof invite> = {}) => encodeInviteLink(app, { ...invite, ...change });
  const link = linkOf();
  return {
    message: 'invite-link',
    context,
    good: [
      { name: 'a link', bytes: text(link), value: toJson({ ...invite }) },
      {
        name: 'of an endpoint below a path',
        bytes: text(linkOf({ endpointUrl: 'http://localhost:8421/a' })),
        value: toJson({ ...invite, endpointUrl: 'http://localhost:8421/a' }),
      },
    ],
    bad: [
      ...linkFaults(link),
      malformed(
        'the last character has bits beyond the last byte',
        `${link.slice(0, -1)}${String.fromCharCode(link.charCodeAt(link.length - 1) + 1)}`,
      ),
      malformed('with the mark of a device', link.replace('#', '#device.')),
      ...addressFaults((address) => linkOf({ endpointUrl: address })),
      malformed('a community id of 31 bytes', linkOf({ community: community.id.slice(1) })),
      malformed('a seed of 33 bytes', linkOf({ seed: concatBytes(seed, new Uint8Array(1)) })),
    ],
  };
}

async function deviceLinks({ community, invites }: Example, stranger: Signer): Promise<Vectors> {
  const [member, phone] = [await signerOf('member 3'), await signerOf('new phone')];
  const first = await certify(community.id, member.publicKey, nth(invites, 3));
  const second = await certify(community.id, phone.publicKey, member);
  const device: DeviceLink = {
    endpointUrl,
    community: community.id,
    invite: nth(invites, 3).publicKey,
    certificates: [first, second],
    seed: await seedOf('new phone'),
  };
  const linkOf = (change: Partial<DeviceLink> = {}) => encodeDeviceLink(app, { ...device, ...change });
  const valueOf = ({ certificates, ...rest }: DeviceLink) =>
    toJson({ ...rest, certificates: certificates.map((one) => [one.member, one.signature]) });
  const fault = (name: string, refused: string, change: Partial<DeviceLink>): Bad => ({
    name,
    refused,
    bytes: text(linkOf(change)),
  });
  const nine = Array<Certificate>(9).fill(first);
  const foreign = await certify(community.id, phone.publicKey, stranger);
  const elsewhere = await certify(await seedOf('other'), phone.publicKey, member);
  return {
    message: 'device-link',
    context,
    good: [
      { name: 'to the home’s second device', bytes: text(linkOf()), value: valueOf(device) },
      {
        name: 'of a chain with one certificate, to the device that has its key',
        bytes: text(linkOf({ certificates: [first], seed: await seedOf('member 3') })),
        value: valueOf({ ...device, certificates: [first], seed: await seedOf('member 3') }),
      },
    ],
    bad: [
      ...linkFaults(linkOf()),
      ...addressFaults((address) => linkOf({ endpointUrl: address })),
      malformed('without the mark of a device', linkOf().replace('device.', '')),
      fault('without certificates', 'malformed', { certificates: [] }),
      fault('nine certificates', 'malformed', { certificates: nine }),
      fault('a seed of 31 bytes', 'malformed', { seed: device.seed.slice(1) }),
      fault('another key’s seed', 'bad-certificate', { seed: await seedOf('stranger') }),
      fault('the older device’s seed', 'bad-certificate', { seed: await seedOf('member 3') }),
      fault('another home’s invite', 'bad-certificate', { invite: nth(invites, 4).publicKey }),
      fault('certified by nobody who may', 'bad-certificate', { certificates: [first, foreign] }),
      fault('certified for another community', 'bad-certificate', { certificates: [first, elsewhere] }),
      fault('the first certificate is missing', 'bad-certificate', { certificates: [second] }),
    ],
  };
}

async function stewardLinks(): Promise<Vectors> {
  const steward = { endpointUrl, founding: await seedOf('founding'), seat: 1, seed: await seedOf('seat 1') };
  const linkOf = (change: Partial<typeof steward> = {}) => encodeStewardLink(app, { ...steward, ...change });
  return {
    message: 'steward-link',
    context,
    good: [{ name: 'to the second seat', bytes: text(linkOf()), value: toJson(steward) }],
    bad: [
      ...linkFaults(linkOf()),
      ...addressFaults((address) => linkOf({ endpointUrl: address })),
      malformed('a founding’s id of 31 bytes', linkOf({ founding: steward.founding.slice(1) })),
      malformed('a tenth seat', linkOf({ seat: 9 })),
      malformed('a seat below zero', linkOf({ seat: -1 })),
      malformed('a seed of 33 bytes', linkOf({ seed: concatBytes(steward.seed, new Uint8Array(1)) })),
    ],
  };
}

function seatLinks({ community }: Example): Vectors {
  const offer = { endpointUrl, community: community.id, seat: 2 };
  const linkOf = (change: Partial<typeof offer> = {}) => encodeSeatOffer(app, { ...offer, ...change });
  return {
    message: 'seat-link',
    context,
    good: [{ name: 'to the third steward’s place', bytes: text(linkOf()), value: toJson(offer) }],
    bad: [
      ...linkFaults(linkOf()),
      ...addressFaults((address) => linkOf({ endpointUrl: address })),
      malformed('a community id of 33 bytes', linkOf({ community: concatBytes(community.id, new Uint8Array(1)) })),
      malformed('a tenth seat', linkOf({ seat: 9 })),
      malformed('a seat below zero', linkOf({ seat: -1 })),
    ],
  };
}

function newcomerLinks({ community }: Example, stranger: Signer): Vectors {
  const newcomer = { community: community.id, seat: 2, name: 'Steward 4', key: stranger.publicKey };
  const linkOf = (change: Partial<typeof newcomer> = {}) => encodeCandidate(app, { ...newcomer, ...change });
  const named = (name: string, other: string): Bad => malformed(name, linkOf({ name: other }));
  return {
    message: 'newcomer-link',
    context,
    good: [{ name: 'back from the newcomer', bytes: text(linkOf()), value: toJson(newcomer) }],
    bad: [
      ...linkFaults(linkOf()),
      malformed('a community id of 31 bytes', linkOf({ community: community.id.slice(1) })),
      malformed('a tenth seat', linkOf({ seat: 9 })),
      malformed('a key of 31 bytes', linkOf({ key: stranger.publicKey.slice(1) })),
      named('no name', ''),
      named('a name of two lines', 'Steward\n4'),
      named('a name with a blank at its end', 'Steward 4 '),
      named('a name of 41 characters', 'x'.repeat(41)),
    ],
  };
}
