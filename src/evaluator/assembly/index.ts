// What the host calls. Addresses and sizes come from memory-layout.ts.
export { setShape, setSharedAreas, setOwnAreas } from './shape';
export { buildAesTables, setAesKey } from './aes';
export { fillMask } from './mask-stream';
export { decompose } from './decomposition';
export { modulusSwitch } from './modulus-switch';
export { keySwitch } from './key-switch';
export { bootstrap } from './blind-rotation';
export { expandBootstrapRows, expandKeySwitchRows } from './key-expansion';
