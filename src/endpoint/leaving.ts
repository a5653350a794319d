/** Homes that leave a community: what they sent to rounds that have not begun to close goes, and nothing more is taken. */
import { toHex } from '../protocol/bytes.ts';
import { checkSignedContribution } from '../protocol/contribution.ts';
import { checkLeave } from '../protocol/leave.ts';
import type { Community } from '../protocol/manifest.ts';
import { encodeSigned, type SignedMessage } from '../protocol/signed.ts';
import { bindHome } from './bindings.ts';
import { isClosing } from './closing.ts';
import type { Core, Round } from './core.ts';
import { keptName, keptVersions, readKept } from './kept.ts';

const leftName = (id: string, invite: string): string => `communities/${id}/left/${invite}`;

/** Whether the home of an invite (in hex) has left. */
export const hasLeft = async (core: Core, { id }: Community, invite: string): Promise<boolean> =>
  (await core.store.read(leftName(toHex(id), invite))) !== undefined;

/**
 * Keeps a home's word that it leaves, and deletes what it sent to open rounds. The word comes first, so that a deletion
 * that breaks off goes on when the home says it again.
 *
 * @returns the home's invite, in hex
 * @throws {ProtocolError} what `checkLeave` throws
 * @throws {Problem} `already-bound` if the invite is another home's
 */
export async function addLeave(core: Core, community: Community, message: SignedMessage): Promise<string> {
  const leave = await checkLeave(message, community);
  await bindHome(core, community, leave);
  const [id, invite] = [toHex(community.id), toHex(leave.invite)];
  await core.store.create(leftName(id, invite), encodeSigned(message));
  for (const month of await core.store.list(`communities/${id}/rounds`)) {
    await removeContributions(core, await core.round(id, month), invite);
  }
  core.log('info', 'home-left', {});
  return invite;
}

/** Deletes what a home sent to a round, unless the round has begun to close: then it is part of what is added up. */
export async function removeContributions(core: Core, round: Round, invite: string): Promise<void> {
  for (const version of (await keptVersions(core, round)).get(invite) ?? []) {
    if (await isClosing(core, round)) return;
    const kept = await readKept(core, round, invite, version);
    await core.store.remove(keptName(round, invite, version));
    if (kept === undefined) continue;
    const announcement = await core.announcement(round);
    const { header } = await checkSignedContribution(kept.signed, round.community, announcement);
    for (const ciphertext of header.ciphertexts) await core.store.removeBlob(round.bucket, ciphertext);
  }
}
