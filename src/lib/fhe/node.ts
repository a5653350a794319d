/** `tfhe` on Node, for the command line, the simulation and tests. */
import tfhe from 'node-tfhe';
import type { TfheModule } from './tfhe-module.ts';

export const nodeTfhe: TfheModule = tfhe;
