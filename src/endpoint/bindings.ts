/** First come, first bound: which home an invite, a member key or a ciphertext belongs to, for good. */
import { toHex, type Bytes } from '../protocol/bytes.ts';
import type { Certificate } from '../protocol/certificate.ts';
import type { Community } from '../protocol/manifest.ts';
import type { Core } from './core.ts';
import { Problem } from './problem.ts';

/** @throws {Problem} `already-bound` if the name is bound to something else */
export const bind = (core: Core, name: string, to: Bytes, otherwise: string): Promise<void> =>
  core.createOnce(name, to, () => new Problem('already-bound', otherwise));

/**
 * Binds an invite to the home's first key, and each of its keys to the invite.
 *
 * @throws {Problem} `already-bound`
 */
export async function bindHome(
  core: Core,
  { id }: Community,
  { invite, certificates }: { readonly invite: Bytes; readonly certificates: readonly Certificate[] },
): Promise<void> {
  const home = `communities/${toHex(id)}`;
  const members = certificates.map(({ member }) => member);
  const [first = invite] = members;
  await bind(core, `${home}/bindings/${toHex(invite)}`, first, 'The invite was used by another home before.');
  await Promise.all(
    members.map((member) =>
      bind(core, `${home}/members/${toHex(member)}`, invite, 'The member key came with another invite before.'),
    ),
  );
}
