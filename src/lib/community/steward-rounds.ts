/** A steward's rounds: planned, watched and opened. */
import { plural } from '../../locales/plural.ts';
import { communityOf, everInvited, type AmendedCommunity } from '../../protocol/amendment.ts';
import { equalBytes, toHex, type Bytes } from '../../protocol/bytes.ts';
import type { RoundSummary, StewardWords } from '../../protocol/endpoint-client.ts';
import { encodeInviteLink } from '../../protocol/invite.ts';
import { findInvite, type Community } from '../../protocol/manifest.ts';
import { sealsNeeded } from '../../protocol/seal.ts';
import * as fhe from '../fhe/client.ts';
import type { Advance, AdvanceChoices, AdvanceStep, OwnPart, PlannedRound, StewardJob } from '../fhe/client.ts';
import { addMonths } from '../usage/month.ts';
import { exclusively } from '../vault/exclusive.ts';
import type { Stewardship } from '../vault/schema.ts';
import { amendedFrom, chainOf } from './membership.ts';
import { askAt, endpointAt } from './requests.ts';

/** A stewardship whose community is there. */
export interface StewardedCommunity {
  readonly stewardship: Stewardship;
  readonly amended: AmendedCommunity;
  /** As it is after all amendments. */
  readonly community: Community;
}

/** Checks the kept manifest and amendments anew. @throws {ProtocolError} */
export async function communityOfSteward(stewardship: Stewardship): Promise<StewardedCommunity> {
  const amended = await amendedFrom(stewardship.manifest, stewardship.followed);
  return { stewardship, amended, community: communityOf(amended) };
}

/** The public key of this device as a steward. */
const ownKey = ({ stewardship: { key, seat }, amended }: StewardedCommunity): Bytes =>
  key ?? amended.founded.manifest.stewards[seat]?.key ?? new Uint8Array();

/** Whether this device's key has its seat in a month's round, or now. */
export function holdsSeat(stewarded: StewardedCommunity, month?: string): boolean {
  const { stewards } = communityOf(stewarded.amended, month).manifest;
  return equalBytes(stewards[stewarded.stewardship.seat]?.key ?? new Uint8Array(), ownKey(stewarded));
}

/** What the worker needs to know of a stewardship. */
export const jobOf = ({ stewardship, amended }: StewardedCommunity): StewardJob => ({
  founding: stewardship.id,
  community: amended.founded.id,
  manifest: stewardship.manifest,
  amendments: chainOf(stewardship.followed),
  steward: stewardship.seat,
  endpointUrl: stewardship.endpointUrl,
  followed: stewardship.followed,
});

/** A round as its steward sees it. */
export interface StewardRound extends RoundSummary {
  readonly words: StewardWords;
  readonly own: OwnPart;
}

/** All rounds, the newest month first. @throws {EndpointError} */
export async function stewardRounds({ stewardship, community }: StewardedCommunity): Promise<StewardRound[]> {
  const endpoint = endpointAt(stewardship.endpointUrl);
  const parts = await fhe.ownParts(stewardship.id);
  const rounds = await endpoint.rounds(community.id);
  const all = await Promise.all(
    rounds.map(async (round) => ({
      ...round,
      words: await endpoint.stewardWords({ community: community.id, month: round.month }),
      own: parts[round.month] ?? 'none',
    })),
  );
  return all.sort((a, b) => (a.month < b.month ? 1 : -1));
}

const dayMs = 86_400_000;

/**
 * When a month's round closes if nobody has said so yet: on the 15th of the next month at midnight UTC, but no sooner
 * than two weeks from now.
 */
export function closingMs(month: string, nowMs: number): number {
  const [year = 0, number = 1] = month.split('-').map(Number);
  return Math.max(Date.UTC(year, number, 15), Math.ceil(nowMs / dayMs) * dayMs + 14 * dayMs);
}

/** Rounds for months in a row; those that another steward has announced close when that one said. */
export const planRounds = (
  from: string,
  count: number,
  known: readonly Pick<RoundSummary, 'month' | 'closesMs'>[],
  nowMs: number,
): PlannedRound[] =>
  Array.from({ length: count }, (_, i) => {
    const month = addMonths(from, i);
    return { month, closesMs: known.find((one) => one.month === month)?.closesMs ?? closingMs(month, nowMs) };
  });

/** Makes and publishes this steward's keys. @throws {FheError} */
export const announceRounds = (
  stewarded: StewardedCommunity,
  rounds: readonly PlannedRound[],
  onstep: (done: number, total: number) => void,
  signal?: AbortSignal,
): Promise<void> =>
  exclusively(`steward ${stewarded.stewardship.id}`, () =>
    fhe.announceRounds(jobOf(stewarded), rounds, askAt(stewarded.stewardship.endpointUrl), onstep, signal),
  );

/** Gives this steward's word that a round shall close now. @throws {FheError} */
export const closeRoundNow = (stewarded: StewardedCommunity, month: string): Promise<void> =>
  exclusively(`steward ${stewarded.stewardship.id}`, () =>
    fhe.closeRound(jobOf(stewarded), month, askAt(stewarded.stewardship.endpointUrl)),
  );

/** Takes a closed round as far as this steward can now. @throws {FheError} */
export const advanceRound = (
  stewarded: StewardedCommunity,
  month: string,
  choices: AdvanceChoices,
  onstep: (step: AdvanceStep) => void,
  signal?: AbortSignal,
): Promise<Advance> =>
  exclusively(`steward ${stewarded.stewardship.id}`, () =>
    fhe.advanceRound(jobOf(stewarded), month, choices, askAt(stewarded.stewardship.endpointUrl), onstep, signal),
  );

/** Erases this steward's keys of an expired round. @throws {FheError} */
export const giveUpRound = (stewarded: StewardedCommunity, month: string): Promise<void> =>
  exclusively(`steward ${stewarded.stewardship.id}`, () =>
    fhe.giveUpRound(jobOf(stewarded), month, askAt(stewarded.stewardship.endpointUrl)),
  );

/** One of a steward's own invites. */
export interface StewardInvite {
  readonly link: string;
  readonly key: Bytes;
  /** 1-based, the same on every visit. */
  readonly number: number;
  /** Undefined while the endpoint has not said. */
  readonly used: boolean | undefined;
  /** Whether it was taken back. */
  readonly revoked: boolean;
}

/** How many invites one steward has issued. */
export interface IssuedInvites {
  readonly name: string;
  readonly issued: number;
  /** Undefined while the endpoint has not said. */
  readonly used: number | undefined;
  readonly revoked: number;
}

/** This steward's invites; which are used is told by the endpoint, if it answers. @throws {FheError} */
export async function ownInvites(
  { stewardship, amended, community }: StewardedCommunity,
  appOrigin: string,
): Promise<{ invites: StewardInvite[]; issuers: IssuedInvites[] }> {
  const { invites } = everInvited(amended).manifest;
  const isRevoked = (key: Bytes): boolean => findInvite(community.manifest, key) === -1;
  const own = await fhe.ownInvites(
    stewardship.id,
    invites.map(({ key }) => key),
  );
  const { endpointUrl } = stewardship;
  const bound = await endpointAt(endpointUrl)
    .usedInvites(community.id)
    .catch(() => undefined);
  const used = bound && new Set(bound.map(toHex));
  return {
    invites: own.map(({ seed, key }, i) => ({
      key,
      revoked: isRevoked(key),
      link: encodeInviteLink(appOrigin, { endpointUrl, community: community.id, seed }),
      number: i + 1,
      used: used?.has(toHex(key)),
    })),
    issuers: community.manifest.stewards.map(({ name }, seat) => {
      const issued = invites.filter(({ steward }) => steward === seat).map(({ key }) => key);
      return {
        name,
        issued: issued.length,
        used: used && issued.filter((key) => used.has(toHex(key))).length,
        revoked: issued.filter(isRevoked).length,
      };
    }),
  };
}

/** What a steward can do about a round now. */
export type RoundAction = 'announce' | 'close' | 'open' | 'continue' | 'erase';

/** A round in words: how it stands, who is being waited for, what happens next, and what the steward can do. */
export interface RoundInWords {
  readonly title: string;
  /** Names of the stewards who are being waited for. */
  readonly waitingFor: readonly string[];
  readonly next: string;
  readonly action: RoundAction | undefined;
}

/**
 * Words for a round.
 *
 * @param formatDate - an instant in the reader's locale
 */
export function roundInWords(
  { state, words, own, homes, closesMs }: StewardRound,
  { manifest }: Community,
  me: number,
  formatDate: (instantMs: number) => string,
): RoundInWords {
  const { stewards, threshold, minimumHomes } = manifest;
  const others = (sent: readonly number[]): string[] =>
    stewards.flatMap(({ name }, i) => (sent.includes(i) || i === me ? [] : [name]));
  switch (state) {
    case 'announced':
      return words.keys.includes(me)
        ? {
            title: 'Waiting for keys',
            waitingFor: others(words.keys),
            next: 'Homes can contribute once every steward has published keys.',
            action: undefined,
          }
        : {
            title: 'Your keys are missing',
            waitingFor: [],
            next: 'Publish your keys: until then no home can contribute.',
            action: 'announce',
          };
    case 'collecting':
      return {
        title: plural(homes, ['Collecting: # home so far', 'Collecting: # homes so far']),
        waitingFor: [],
        next: words.closes.includes(me)
          ? `You asked to close it now; that takes ${threshold} stewards. By itself it closes on ${formatDate(closesMs)}.`
          : `It closes on ${formatDate(closesMs)}, or earlier if ${threshold} stewards ask for it.`,
        action: words.closes.includes(me) ? undefined : 'close',
      };
    case 'closed':
    case 'sealed': {
      if (own === 'over') return opened(others(words.norms));
      if (own === 'none')
        return {
          title: /* @wc-include */ 'Closed',
          waitingFor: others(words.seals),
          next: 'This device has no keys for this round; the other stewards decide whether it can be opened.',
          action: undefined,
        };
      const needed = sealsNeeded(manifest);
      if (!words.seals.includes(me))
        return {
          title: `Closed with ${homes} homes`,
          waitingFor: [],
          next: 'Check the list and open it with the others.',
          action: 'open',
        };
      if (words.seals.length < needed)
        return {
          title: `Sealed by ${words.seals.length} of ${needed}`,
          waitingFor: others(words.seals),
          next: `The totals open when ${needed} stewards have sealed the same list. This screen goes on by itself.`,
          action: 'continue',
        };
      return {
        title: `Opened by ${words.openings.length} of ${stewards.length}`,
        waitingFor: others(words.openings),
        next: `The totals are published when ${Math.min(stewards.length, threshold + 1)} openings agree and ${threshold} stewards have signed.`,
        action: 'continue',
      };
    }
    case 'opened':
      return own === 'keys' || own === 'sealed'
        ? {
            ...opened([]),
            next: 'Add your own check, and erase your keys.',
            action: own === 'keys' ? 'open' : 'continue',
          }
        : opened([]);
    case 'expired':
      return {
        title: /* @wc-include */ 'Expired',
        waitingFor: [],
        next:
          homes === 0
            ? 'Not every steward published keys in time, or no home took part. Nothing was opened.'
            : threshold === 2
              ? `${plural(homes, ['# home took part', '# homes took part'])}, which is too few: ${minimumHomes} must remain without those that any one steward invited. Nothing was opened, and nothing will be.`
              : `${plural(homes, ['# home took part', '# homes took part'])}, which is too few: ${minimumHomes} must remain without those that any ${threshold - 1} stewards invited. Nothing was opened, and nothing will be.`,
        action: own === 'keys' || own === 'sealed' ? 'erase' : undefined,
      };
  }
}

const opened = (waitingFor: readonly string[]): RoundInWords => ({
  title: /* @wc-include */ 'Published',
  waitingFor,
  next: 'Homes see their comparison the next time they look.',
  action: undefined,
});
