/** `tfhe` on Node, loaded when it is first asked for: that takes a quarter of a second, and most commands need none. */
import { createRequire } from 'node:module';
import type tfhe from 'node-tfhe';
import type { TfheModule } from './tfhe-module.ts';

const load: (name: 'node-tfhe') => typeof tfhe = createRequire(import.meta.url);

export const lazyTfhe = (): TfheModule => load('node-tfhe');
