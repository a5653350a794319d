/** The second half of the random sequences, see `simulation.ts`. */
import { vi } from 'vitest';
import { simulateHalf } from './simulation.ts';

vi.mock('../../src/protocol/hash.ts', () => import('./sync-crypto.ts'));
vi.mock('../../src/protocol/ed25519.ts', () => import('./sync-crypto.ts'));

simulateHalf(1);
