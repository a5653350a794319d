import type { Register } from '$lib/series/types.ts';

/** What the screens call a register. */
export const registerNames: Record<Register, string> = {
  import: 'Taken from the grid',
  export: 'Fed into the grid',
  generation: 'Generated',
  gas: 'Gas',
  other: 'Other',
};
