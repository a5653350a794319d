/** What is known of homes, each by its invite: the keys that it is bound to, and whether it has left. */
import { everInvited } from '../protocol/amendment.ts';
import { fromHex, toHex, type Bytes } from '../protocol/bytes.ts';
import { encodeCbor } from '../protocol/cbor.ts';
import type { Certificate } from '../protocol/certificate.ts';
import { bindingHash, type LogEntry } from '../protocol/head.ts';
import { checkLeave } from '../protocol/leave.ts';
import { encodeSigned, type SignedMessage } from '../protocol/signed.ts';
import { removeContributions } from './contributions.ts';
import type { KeptCommunity } from './core.ts';
import { Problem } from './problem.ts';
import { removeServerKeys } from './server-keys.ts';

/** Binds an invite to the home's first key, and each of its keys to the invite, for good; the log says so. */
export async function bindHome(
  kept: KeptCommunity,
  { invite, certificates }: { readonly invite: Bytes; readonly certificates: readonly Certificate[] },
): Promise<void> {
  const { ledger, core } = kept;
  const taken = (text: string) => (): Problem => new Problem('already-bound', text);
  const first = certificates[0]?.member ?? invite;
  await ledger.keep(`bindings/${toHex(invite)}`, first, taken('The invite was used by another home before.'));
  const entries: LogEntry[] = [];
  for (const { member } of certificates) {
    await ledger.keep(`members/${toHex(member)}`, invite, taken('The member key came with another invite before.'));
    entries.push({ kind: 'binding', hash: await bindingHash(invite, member) });
  }
  await core.history.enter(kept, entries);
}

/** Whether the home of an invite has left. */
export const hasLeft = ({ ledger }: KeptCommunity, invite: string): Promise<boolean> => ledger.has(`left/${invite}`);

/** Keys of the invites that are bound to a home, ascending, as the route gives them. */
export const usedInvitesFile = async ({ ledger }: KeptCommunity): Promise<Bytes> =>
  encodeCbor((await ledger.list('bindings')).map(fromHex));

/** Invites of the homes that have left. */
export const leftHomes = async ({ ledger }: KeptCommunity): Promise<ReadonlySet<string>> =>
  new Set(await ledger.list('left'));

/**
 * A home leaves, also one whose invite was taken back. That it did is kept before anything is deleted, so that a
 * deletion that breaks off goes on with the next tick.
 */
export async function leave(kept: KeptCommunity, message: SignedMessage): Promise<void> {
  const { core, id, ledger } = kept;
  const home = await checkLeave(message, everInvited(await core.amended(id)));
  const invite = toHex(home.invite);
  await bindHome(kept, home);
  await ledger.create(`left/${invite}`, encodeSigned(message));
  await core.history.enterMessage(kept, 'leave', message);
  for (const month of await ledger.list('rounds')) await removeContributions(await core.round(id, month), invite);
  await removeServerKeys(kept, invite);
  core.log('info', 'home-left', {});
}
