/**
 * Checks of the protocol, each with an attack that must succeed where the check is taken out (`attacks.soak.test.ts`).
 */
export interface Change {
  /** Below src/protocol. */
  readonly file: string;
  /** Stands exactly once in the file. */
  readonly find: string;
  readonly replace: string;
}

export interface MissingCheck extends Change {
  /** Further checks that would stop the same attack. */
  readonly also?: readonly Change[];
  /** Part of the name of the test that must then fail. */
  readonly attack: string;
}

const totalsFit: Change = {
  file: 'column.ts',
  find: 'return fingerprint(coefficients, total) === sum % fingerprintPrime;',
  replace: 'return true;',
};
const sharesFit: Change = {
  file: 'column.ts',
  find: 'return isHonest ? shares : undefined;',
  replace: 'return shares;',
};
const boxIsSigned: Change = {
  file: 'column.ts',
  find: 'if (!equalBytes(await sha256(box), fingerprints[context.steward] ?? new Uint8Array())) {',
  replace: 'if (false) {',
};
const oneTotal: Change = {
  file: 'steward.ts',
  find: '!equalBytes((await store.read(name)) ?? fail(), hash)',
  replace: 'false',
};
const noColumn: Change = {
  file: 'steward.ts',
  find: '(await store.read(`${month}/column`)) === undefined',
  replace: 'true',
};
const invitesDiffer: Change = {
  file: 'list.ts',
  find: 'if (before !== undefined && byInvite(before, entry) >= 0) {',
  replace: 'if (false) {',
};
const membersDiffer: Change = {
  file: 'list.ts',
  find: 'if (!distinct(entries.map(memberOf)))',
  replace: 'if (false)',
};
const ciphertextsDiffer: Change = {
  file: 'list.ts',
  find: 'if (!distinct(entries.flatMap(({ ciphertexts }) => ciphertexts))) {',
  replace: 'if (false) {',
};
const groupsAreThose: Change = {
  file: 'list.ts',
  find: 'if (!equalBytes(encodeList({ ...list, groups: counted(groups) }), message.body)) {',
  replace: 'if (false) {',
};
const correctionIsThat: Change = {
  file: 'list.ts',
  find: '!equalBytes(encodeList(await correctList(first, list.culprits, community)), encodeList(list))',
  replace: 'false',
};

export const missingChecks: readonly MissingCheck[] = [
  {
    ...boxIsSigned,
    attack: 'a fingerprint resealed under a victim’s header',
  },
  {
    file: 'column.ts',
    find: 'if (sealed.length !== first.length) {',
    replace: 'if (false) {',
    also: [boxIsSigned],
    attack: 'fewer fingerprints than homes',
  },
  {
    ...totalsFit,
    attack: 'one home’s ciphertext as the total',
  },
  {
    ...totalsFit,
    attack: 'a weighted sum',
  },
  {
    file: 'column.ts',
    find: 'if (!equalBytes(await sha256(ciphertext), hash)) {',
    replace: 'if (false) {',
    attack: 'another ciphertext in place of a home’s',
  },
  {
    ...sharesFit,
    attack: 'a multiple of another home’s ciphertext',
  },
  {
    ...sharesFit,
    attack: 'another home’s masks, and its bodies moved',
  },
  {
    file: 'fingerprint.ts',
    find: 'plain.buffer, header);',
    replace: 'plain.buffer);',
    also: [
      {
        file: 'fingerprint.ts',
        find: 'sealed.slice(suite.kem.encSize), header);',
        replace: 'sealed.slice(suite.kem.encSize));',
      },
    ],
    attack: 'under that home’s own sealed fingerprint',
  },
  {
    ...noColumn,
    also: [oneTotal],
    attack: 'again and again: one is decrypted',
  },
  {
    ...oneTotal,
    attack: 'was killed after it decrypted a total',
  },
  {
    file: 'steward.ts',
    find: 'if (!equalBytes(firstHash, list.firstHash)) {',
    replace: 'if (false) {',
    attack: 'another list after the first was seen',
  },
  {
    file: 'steward.ts',
    find: 'if (!equalBytes(firstHash, list.firstHash)) {',
    replace: 'if (false) {',
    attack: 'a contribution that came late',
  },
  {
    file: 'steward.ts',
    find: 'if (culprits.length > mostCulprits) {',
    replace: 'if (false) {',
    attack: 'more cheats than may be named',
  },
  {
    file: 'steward.ts',
    find: '!equalBytes(hashes[steward] ?? fail(), own)',
    replace: 'false',
    attack: 'an announcement with another steward’s key',
  },
  {
    file: 'steward.ts',
    find: 'if (opening.steward !== other)',
    replace: 'if (false)',
    attack: 'an opening of another round, or of another steward',
  },
  {
    file: 'seal.ts',
    find: '.filter(({ month, list }) => month === sealed.month && equalBytes(list, sealed.list))',
    replace: '',
    attack: 'different lists to different stewards: neither',
  },
  {
    file: 'seal.ts',
    find: '.filter(({ month, list }) => month === sealed.month && equalBytes(list, sealed.list))',
    replace: '',
    attack: 'a victim named as culprit',
  },
  {
    file: 'seal.ts',
    find: 'Math.floor((stewards.length + threshold - 1) / 2) + 1',
    replace: 'threshold',
    attack: 'a lying steward seals both lists',
  },
  {
    file: 'list.ts',
    find: 'if (before !== undefined && byInvite(before, entry) >= 0) {',
    replace: 'if (before !== undefined && byInvite(before, entry) > 0) {',
    attack: 'one invite certifies many members',
  },
  {
    ...membersDiffer,
    attack: 'one member key under two invites',
  },
  {
    ...ciphertextsDiffer,
    attack: 'copying another home’s ciphertext bytes',
  },
  {
    ...groupsAreThose,
    also: [correctionIsThat],
    attack: 'a group that must not open',
  },
  {
    ...groupsAreThose,
    also: [correctionIsThat],
    attack: 'two stewards shown different sets of cohorts',
  },
  {
    ...correctionIsThat,
    attack: 'a corrected list that leaves out more',
  },
  {
    file: 'list.ts',
    find: "await verifySignedBy('list', message, community.manifest.endpointKey);",
    replace: '',
    attack: 'a list signed by somebody else',
  },
  {
    file: 'list.ts',
    find: 'if (groups.length === 0) {',
    replace: 'if (false) {',
    attack: 'fewer homes than the minimum',
  },
  {
    file: 'groups.ts',
    find: 'slice(0, threshold - 1)',
    replace: 'slice(0, 0)',
    attack: 'a steward’s own invites fill the round',
  },
  {
    file: 'groups.ts',
    find: '.filter((group) => hasEnoughHomes(group.homes, manifest))',
    replace: '.filter((group) => group.homes.length > 0)',
    also: [{ file: 'groups.ts', find: 'rest.length === 0 || opened.length === 0', replace: 'true' }],
    attack: 'a steward’s invented homes all in the victim’s cohort',
  },
  {
    file: 'contribution.ts',
    find: "await verifySignedBy('contribution', signed, member);",
    replace: '',
    attack: 'another cohort than the home said',
  },
  {
    file: 'contribution.ts',
    find: "await verifySignedBy('contribution', signed, member);",
    replace: '',
    attack: 'an earlier version of a contribution',
  },
  {
    file: 'contribution.ts',
    find: "await verifySignedBy('contribution', signed, member);",
    replace: '',
    attack: 'a contribution of another round',
  },
  {
    file: 'shamir.ts',
    find: 'if (expected.some((value, slot) => value !== other.values[slot])) {',
    replace: 'if (false) {',
    attack: 'a lying share sum is seen',
  },
  {
    file: 'opening.ts',
    find: 'opening.month !== sealed.month ||\n    !equalBytes(opening.list, sealed.list) ||',
    replace: '',
    attack: 'an opening of another round, or of another steward',
  },
  {
    file: 'norms.ts',
    find: 'if (count !== homes || !binsFit || !sumsFit || !profilesFit) {',
    replace: 'if (false) {',
    attack: 'a vector that is no vector',
  },
  {
    file: 'norms-message.ts',
    find: 'if (norms.month !== month)',
    replace: 'if (false)',
    attack: 'norms that too few stewards signed',
  },
  {
    file: 'signed.ts',
    find: 'if (foreign || message.signatures.length < least) {',
    replace: 'if (foreign) {',
    attack: 'norms that too few stewards signed',
  },
  {
    file: 'manifest.ts',
    find: 'if (id !== undefined && !equalBytes(id, hash)) {',
    replace: 'if (false) {',
    attack: 'another manifest, or the same with another steward’s key',
  },
  {
    file: 'round-key.ts',
    find: 'if (first === undefined || roundKeys.length !== community.manifest.stewards.length || !agree) {',
    replace: 'if (first === undefined) {',
    attack: 'a round key of another steward',
  },
  {
    file: 'round-key.ts',
    find: "await verifySignedBy('round-key', message, steward.key);",
    replace: '',
    attack: 'a round key of another steward',
  },
  {
    file: 'receipt.ts',
    find: 'if (!equalBytes(receipt.contribution, await sha256(contribution.body))) {',
    replace: 'if (false) {',
    attack: 'a receipt for something else',
  },
  {
    file: 'ciphertext.ts',
    find: 'if (!hasTemplate(bytes, headWords, footerWords, wordsEnd)) {',
    replace: 'if (false) {',
    attack: 'a total of other length or footer',
  },
  {
    file: 'endpoint-client.ts',
    find: 'if (length > mostBytes) {',
    replace: 'if (length > 10 * mostBytes) {',
    attack: 'files that are cut short, too long, or never end',
  },
  {
    file: 'endpoint-client.ts',
    find: 'signal: AbortSignal.timeout(timeoutMs),',
    replace: '',
    attack: 'a slow drip',
  },
  {
    file: 'head.ts',
    find: 'if (head.count < known.count) {',
    replace: 'if (false) {',
    also: [
      {
        file: 'head.ts',
        find: 'if (reached.count !== head.count || !equalBytes(reached.head, head.head)) {',
        replace: 'if (false) {',
      },
    ],
    attack: 'a log that was rolled back',
  },
  {
    file: 'head.ts',
    find: 'if (reached.count !== head.count || !equalBytes(reached.head, head.head)) {',
    replace: 'if (false) {',
    attack: 'a split view',
  },
  {
    file: 'head.ts',
    find: "await verifySignedBy('head', message, community.manifest.endpointKey);",
    replace: '',
    attack: 'a head that somebody else signed',
  },
  {
    file: 'seal.ts',
    find: '&& isMissing(steward)',
    replace: '',
    attack: 'a word given for one list by a steward whose seal is on another',
  },
  ...[
    'one home’s ciphertext in a sum of zeros',
    'one home left out',
    'one home twice',
    'a total moved by a quarter of a step',
    'an uncentred sum of other words',
  ].map((attack) => ({ ...totalsFit, attack })),
  { ...noColumn, also: [oneTotal], attack: 'a second total after the first was refused' },
  ...[
    'a broken word for the first steward',
    'a broken word for the last steward',
    'a copy of another home’s ciphertext, re-randomised',
    'a fingerprint of something else',
    'only one steward’s share',
  ].map((attack) => ({ ...sharesFit, attack })),
  {
    file: 'fingerprint.ts',
    find: 'if (value >= fingerprintPrime)',
    replace: 'if (false)',
    also: [sharesFit],
    attack: 'a fingerprint beyond its field',
  },
  { ...boxIsSigned, attack: 'a total of a victim and something known' },
  { ...invitesDiffer, also: [ciphertextsDiffer], attack: 'a second device, certified by the first' },
  {
    ...invitesDiffer,
    also: [membersDiffer, ciphertextsDiffer, groupsAreThose, correctionIsThat],
    attack: 'an entry twice',
  },
  { ...invitesDiffer, also: [groupsAreThose, correctionIsThat], attack: 'entries out of order' },
  { ...groupsAreThose, also: [correctionIsThat], attack: 'a wrong number of homes' },
  {
    file: 'list.ts',
    find: 'if (list.month !== announcement.month)',
    replace: 'if (false)',
    also: [{ file: 'contribution.ts', find: 'if (header.month !== announcement.month) {', replace: 'if (false) {' }],
    attack: 'a list of another month',
  },
  {
    file: 'list.ts',
    find: 'if (!equalBytes(list.announcement, announcement.hash)) {',
    replace: 'if (false) {',
    also: [
      {
        file: 'contribution.ts',
        find: 'if (!equalBytes(header.announcement, announcement.hash)) {',
        replace: 'if (false) {',
      },
    ],
    attack: 'a list of another announcement',
  },
  {
    file: 'list.ts',
    find: 'if (!equalBytes(list.community, community.id)) {',
    replace: 'if (false) {',
    also: [{ file: 'contribution.ts', find: 'if (!equalBytes(header.community, id)) {', replace: 'if (false) {' }],
    attack: 'a list of another community',
  },
  {
    file: 'list.ts',
    find: 'if (entry === undefined) return false;',
    replace: 'if (entry === undefined) return true;',
    attack: 'a home dropped from the list',
  },
  {
    file: 'steward.ts',
    find: "await this.#options.inLog('announcement', announcement.hash);",
    replace: '',
    attack: 'round keys that are not in the log',
  },
  {
    file: 'steward.ts',
    find: "await inLog('list', list.firstHash);",
    replace: '',
    attack: 'a list that is not in the log',
  },
  {
    file: 'steward.ts',
    find: "if (list.list.culprits.length > 0) await inLog('corrected-list', list.hash);",
    replace: '',
    attack: 'a corrected list that is not in the log',
  },
  {
    file: 'endpoint-client.ts',
    find: '/^text\\/html\\b/i.test(',
    replace: '/^no type$/.test(',
    attack: 'a page in place of a message',
  },
];
