/**
 * Following a community from visit to visit: its log may only grow from where this client knew it, its amendments are
 * those of the log, in that order, and announcements, lists and norms are used only if the log names them.
 */
import { checkAmendment, unamended, type AmendedCommunity } from './amendment.ts';
import { equalBytes, type Bytes } from './bytes.ts';
import type { EndpointClient } from './endpoint-client.ts';
import { ProtocolError } from './error.ts';
import { extend, firstPosition, followHead, type LogEntry, type Position } from './head.ts';
import type { Community } from './manifest.ts';
import type { SignedMessage } from './signed.ts';

/** What a client holds against the log before it uses it. */
export const loggedKinds = ['announcement', 'list', 'corrected-list', 'norms'] as const;
export type LoggedKind = (typeof loggedKinds)[number];

const isLoggedKind = (kind: string): boolean => loggedKinds.some((one) => one === kind);

/** How far a client has followed a community. */
export interface Followed {
  readonly position: Position;
  readonly amended: AmendedCommunity;
  /** The signed amendments that `amended` is made of. */
  readonly chain: readonly SignedMessage[];
  /** The log's entries of {@link loggedKinds}; undefined if a client of before has not kept them. */
  readonly logged: readonly LogEntry[] | undefined;
}

/** What a client knows that has never followed the community. */
export const neverFollowed = (founded: Community): Followed => ({
  position: firstPosition(founded.id),
  amended: unamended(founded),
  chain: [],
  logged: [],
});

/** What is known now, and the entries that are new. */
export interface Step extends Followed {
  readonly logged: readonly LogEntry[];
  readonly entries: readonly LogEntry[];
}

/**
 * Follows a community from what is known of it to where it is now.
 *
 * @throws {EndpointError}
 * @throws {ProtocolError} `rolled-back`, `split-view`, and what the checks of heads and amendments throw
 */
export async function follow(endpoint: EndpointClient, { position, amended, chain, logged }: Followed): Promise<Step> {
  const { founded } = amended;
  // Without the entries of before the whole log is read again; it must lead by where this client was.
  const from = logged === undefined ? firstPosition(founded.id) : position;
  const { head, entries: all } = await endpoint.head(founded.id, from.count);
  const reached = await followHead(head, founded, from, all);
  const before = all.slice(0, position.count - from.count);
  const known = await extend(from, before);
  if (known.count < position.count) throw rolledBack();
  if (!equalBytes(known.head, position.head)) throw splitView('The endpoint shows another history than it did before');
  const entries = all.slice(before.length);

  const hashes = entries.filter(({ kind }) => kind === 'amendment').map(({ hash }) => hash);
  const messages = hashes.length === 0 ? [] : (await endpoint.amendments(founded.id)).slice(chain.length);
  let after = amended;
  for (const [i, hash] of hashes.entries()) {
    const message = messages[i];
    if (message === undefined) throw otherAmendments();
    after = await checkAmendment(message, after);
    if (!equalBytes(after.last, hash)) throw otherAmendments();
  }
  return {
    position: { count: reached.count, head: reached.head },
    amended: after,
    chain: [...chain, ...messages.slice(0, hashes.length)],
    logged: [...(logged ?? []), ...(logged === undefined ? all : entries).filter(({ kind }) => isLoggedKind(kind))],
    entries,
  };
}

/** Whether the log, as far as it was followed, names a message by its hash. */
export const isLogged = (logged: readonly LogEntry[] | undefined, kind: LoggedKind, hash: Bytes): boolean =>
  logged?.some((one) => one.kind === kind && equalBytes(one.hash, hash)) ?? false;

/** Refuses a message that the log does not name. @throws {ProtocolError} `split-view` */
export type LogCheck = (kind: LoggedKind, hash: Bytes) => Promise<void>;

/** A check against the log, which is followed on where it does not name a message yet. */
export function logCheck(endpoint: EndpointClient, followed: Followed): LogCheck {
  let now = followed;
  return async (kind, hash) => {
    if (isLogged(now.logged, kind, hash)) return;
    now = await follow(endpoint, now);
    if (!isLogged(now.logged, kind, hash)) throw notLogged(kind);
  };
}

/** What is said of a message that the log does not name. */
export const notLogged = (kind: LoggedKind): ProtocolError =>
  splitView(
    {
      announcement: 'The endpoint shows round keys that its log of the community does not name',
      list: 'The endpoint shows a list of homes that its log of the community does not name',
      'corrected-list': 'The endpoint shows a corrected list of homes that its log of the community does not name',
      norms: 'The endpoint shows totals that its log of the community does not name',
    }[kind],
  );

const splitView = (text: string): ProtocolError => new ProtocolError('split-view', text);
const rolledBack = (): ProtocolError =>
  new ProtocolError('rolled-back', 'The endpoint shows an older state of the community than it did before');
const otherAmendments = (): ProtocolError =>
  splitView('The endpoint shows other amendments of the community than its log names');
