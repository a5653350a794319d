/**
 * What we use of the `tfhe` module, by shape: the packages `tfhe` (browser) and `node-tfhe` declare the same classes,
 * but TypeScript holds the two apart. Every object lives in WASM memory until `free` is called.
 */
export interface Freeable {
  free(): void;
}

export interface Parameters extends Freeable {
  set_message_modulus(value: bigint): void;
  set_carry_modulus(value: bigint): void;
  lwe_noise_distribution(): Freeable;
  glwe_noise_distribution(): Freeable;
}

export interface Serializable extends Freeable {
  serialize(): Uint8Array;
}

interface Decryptable extends Freeable {
  decrypt(secretKey: Serializable): unknown;
}

interface Expander extends Freeable {
  get_uint240(index: number): Decryptable;
}

interface CompactList extends Serializable {
  len(): number;
  expand(): Expander;
}

interface CompactListBuilder extends Freeable {
  push_u240(value: bigint): void;
  build(): CompactList;
}

export interface TfheModule {
  readonly ShortintParametersName: {
    readonly PARAM_MESSAGE_2_CARRY_2_KS_PBS_TUNIFORM_2M128: number;
    readonly V1_6_PARAM_MESSAGE_2_CARRY_2_KS_PBS_GAUSSIAN_2M128: number;
  };
  readonly ShortintEncryptionKeyChoice: { readonly Big: number };
  readonly ShortintParameters: new (name: number) => Parameters;
  readonly Shortint: {
    new_client_key(parameters: Parameters): Freeable;
    serialize_client_key(key: Freeable): Uint8Array;
    deserialize_client_key(bytes: Uint8Array): Freeable;
    new_compressed_server_key(key: Freeable): Freeable;
    serialize_compressed_server_key(key: Freeable): Uint8Array;
    encrypt_compressed(key: Freeable, message: bigint): Freeable;
    serialize_compressed_ciphertext(ciphertext: Freeable): Uint8Array;
    deserialize_ciphertext(bytes: Uint8Array): Freeable;
    decrypt(key: Freeable, ciphertext: Freeable): bigint;
    new_parameters(
      lweDimension: number,
      glweDimension: number,
      polynomialSize: number,
      lweNoise: Freeable,
      glweNoise: Freeable,
      pbsBaseLog: number,
      pbsLevel: number,
      ksBaseLog: number,
      ksLevel: number,
      messageModulus: bigint,
      carryModulus: bigint,
      maxNoiseLevel: bigint,
      log2FailureProbability: number,
      modulusPowerOf2Exponent: number,
      encryptionKeyChoice: number,
    ): Parameters;
  };
  readonly TfheClientKey: { deserialize(bytes: Uint8Array): Serializable };
  readonly TfheCompactPublicKey: {
    ['new'](secretKey: Serializable): Serializable;
    deserialize(bytes: Uint8Array): Serializable;
  };
  readonly CompactCiphertextList: {
    builder(publicKey: Serializable): CompactListBuilder;
    deserialize(bytes: Uint8Array): CompactList;
  };
}
