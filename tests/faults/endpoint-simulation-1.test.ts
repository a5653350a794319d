/** The first half of the random sequences, see `simulation.ts`. */
import { simulateHalf } from './simulation.ts';

simulateHalf(0);
