/** A WebAssembly module's bytes, which the bundler puts into the program. */
declare module '*.wasm' {
  const bytes: Uint8Array<ArrayBuffer>;
  export default bytes;
}
