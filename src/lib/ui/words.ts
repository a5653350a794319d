/** An error's words for the user; what has none gets general ones. */
export const wordsOf = (error: unknown): string =>
  error instanceof Error && error.message !== '' ? error.message : 'That did not work. Try again.';
