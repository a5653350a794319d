/** The home's side: `tfhe` as the app loads it. Its client key stays in this worker. */
import { expose, transfer } from 'comlink';
import init, {
  initThreadPool,
  Shortint,
  ShortintParameters,
  ShortintParametersName,
  type ShortintClientKey,
} from 'tfhe';

let clientKey: ShortintClientKey | undefined;

const ownKey = (): ShortintClientKey => {
  if (clientKey === undefined) throw new Error('no key yet');
  return clientKey;
};

const home = {
  /** Makes a key pair and gives the compressed server key. */
  async makeKey(): Promise<Uint8Array> {
    await init();
    if (crossOriginIsolated) await initThreadPool(2);
    const name = ShortintParametersName.V1_6_PARAM_MESSAGE_2_CARRY_2_KS_PBS_GAUSSIAN_2M128;
    clientKey = Shortint.new_client_key(new ShortintParameters(name));
    const serverKey = Shortint.serialize_compressed_server_key(Shortint.new_compressed_server_key(clientKey));
    return transfer(serverKey, [serverKey.buffer]);
  },
  /** Base-4 digits, each as a seeded ciphertext. */
  encrypt: (digits: readonly number[]): Uint8Array[] =>
    digits.map((digit) =>
      Shortint.serialize_compressed_ciphertext(Shortint.encrypt_compressed(ownKey(), BigInt(digit))),
    ),
  decrypt: (ciphertext: Uint8Array): number =>
    Number(Shortint.decrypt(ownKey(), Shortint.deserialize_ciphertext(ciphertext))),
};

export type Home = typeof home;
expose(home);
