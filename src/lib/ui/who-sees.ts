/** Answers to “What can others see?” that several cards share. */

export const whoSees = {
  device: ['Nobody. What this card shows is kept on this device and sent to nobody.'],
  file: ['Nobody. Files are read on this device and sent to nobody.'],
  link: [
    'The endpoint that the link names can see that somebody asks it about this community, when, and from which address.',
  ],
  founding: [
    'Whoever has a link to it can see the terms, the stewards’ names and their public keys, and so can the endpoint.',
    'Your own key stays on this device. Nobody can ever see what a single home sent.',
  ],
  rounds: [
    'The other stewards and the endpoint can see which steps of a round you have done, and when.',
    'Your keys stay on this device. Nobody can see what a single home sent: only totals of many homes are ever opened.',
  ],
  changes: [
    'Everybody in the community and the endpoint can see a change that holds, and who has signed it. It names invites and stewards by public keys, and no home.',
  ],
  invites: [
    'A link that nobody has used is known to you and to whoever you give it to. The endpoint can see which invites were used; everybody in the community can see how many each steward has issued.',
  ],
  membership: [
    'Everybody in the community can see that some home takes part, under a random name, and its label if it said one. The endpoint can also see when and from which address.',
    'Nobody can see your figures: they leave this device only encrypted, and only totals of many homes are ever opened.',
  ],
  left: [
    'If your home has contributed, everybody in the community and the endpoint can see that it has left, under its random name.',
    'Nobody can see your figures: they leave this device only encrypted, and only totals of many homes are ever opened.',
  ],
  ownKey: [
    'The endpoint has the public part of the key: with it it can compute, but not read. The secret part stays on this device.',
  ],
} as const satisfies Record<string, readonly string[]>;
