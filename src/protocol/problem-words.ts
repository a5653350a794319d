/**
 * What an endpoint's refusals mean to the person who asked, by the name in their problem type (docs/protocol.md, "HTTP").
 * The endpoint's own words are for those who write programs, and in English.
 */

/** A sentence or two in the reader's language; undefined for a name that is not known here. */
export function problemWords(code: string): string | undefined {
  switch (code) {
    case 'not-found':
      return 'The endpoint does not have this, or not yet.';
    case 'bad-authorization':
      return 'Only stewards of the community may read this. If you are one, check that this device’s clock is right.';
    case 'too-slow':
      return 'The connection is too slow for this. Try again over a better one.';
    case 'too-large':
    case 'wrong-type':
    case 'bad-range':
    case 'malformed':
    case 'bad-value':
      return 'The endpoint does not understand this app. Reload the app to get its newest version, and try again.';
    case 'wrong-endpoint':
      return 'The community belongs to another endpoint. Check the address.';
    case 'not-announced':
      return 'Not all stewards have sent their keys for this round yet. Try again later.';
    case 'not-opened':
      return 'The stewards have not opened this round yet. Try again later.';
    case 'not-closed':
      return 'This round is still open. Try again when it has closed.';
    case 'round-closed':
      return 'This round is closed; it takes no contributions any more.';
    case 'round-full':
      return 'This round has as many homes as it can take. Tell your stewards.';
    case 'superseded':
      return 'A newer contribution of this home is there already, perhaps from another device.';
    case 'left':
      return 'This home has left the community; nothing more is taken from it.';
    case 'already-bound':
      return 'This invite or key is used already. Each invite is for one home; ask a steward for another one.';
    case 'wrong-offset':
      return 'The upload goes on elsewhere. Try again: it continues where it was.';
    case 'no-server-key':
      return 'The endpoint does not have this home’s comparison key any more. Set it up again.';
    case 'set-aside':
      return 'The endpoint could not compute this comparison, and does not try again.';
    case 'too-many':
      return 'The endpoint takes no more of these for now. Try again later; if it stays so, tell whoever runs it.';
    case 'too-fast':
      return 'The endpoint was asked too much at once. Wait a little, and try again.';
    case 'storage-full':
      return 'The endpoint’s storage is full, and nothing of this was kept. Tell whoever runs it, and send it again later.';
    case 'damaged':
    case 'internal':
    case 'storage-failed':
      return 'Something went wrong at the endpoint. Try again later, or tell whoever runs it.';
    case 'bad-signature':
    case 'wrong-signer':
    case 'bad-certificate':
      return 'The endpoint does not accept this device’s signature. If your home takes part from another device now, use that one.';
    case 'unknown-invite':
      return 'The endpoint does not know this invite, or the stewards have taken it back. Ask them for another one.';
    case 'wrong-announcement':
    case 'wrong-list':
    case 'wrong-norms':
      return 'The endpoint knows something newer about this round. Reload the app, and try again.';
    case 'already-decided':
      return 'This was decided before, and stays as it was.';
    case 'not-enough-seals':
      return 'Not enough stewards have sealed this round yet.';
    case 'not-enough-homes':
      return 'Not enough homes take part in this round yet.';
    default:
      return undefined;
  }
}
