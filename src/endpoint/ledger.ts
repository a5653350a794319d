/** The ledger in folders: entries that are written once; whoever is first has the name for good. */
import { equalBytes, type Bytes } from '../protocol/bytes.ts';
import { ProtocolError } from '../protocol/error.ts';
import { stewardOf, type Manifest } from '../protocol/manifest.ts';
import { decodeSigned, encodeSigned, mergeSignatures, type SignedMessage } from '../protocol/signed.ts';
import { Problem } from './problem.ts';
import type { Store } from './store.ts';

/** The entries below a name, which are called by the rest of their name. */
export class Folder {
  readonly #store: Store;
  readonly #path: string;

  constructor(store: Store, path: string) {
    this.#store = store;
    this.#path = path;
  }

  /** The entries further below. */
  at(name: string): Folder {
    return new Folder(this.#store, `${this.#path}/${name}`);
  }

  read(name: string): Promise<Bytes | undefined> {
    return this.#store.read(`${this.#path}/${name}`);
  }

  async has(name: string): Promise<boolean> {
    return (await this.read(name)) !== undefined;
  }

  /** @throws {Problem} `not-found` */
  async need(name: string, otherwise: string): Promise<Bytes> {
    const bytes = await this.read(name);
    if (bytes === undefined) throw new Problem('not-found', otherwise);
    return bytes;
  }

  /** Names one level below this folder, or below a name in it. */
  list(name?: string): Promise<string[]> {
    return this.#store.list(name === undefined ? this.#path : `${this.#path}/${name}`);
  }

  /** The signed messages one level below a name, in the order of their names. */
  async messages(name: string): Promise<SignedMessage[]> {
    const messages: SignedMessage[] = [];
    for (const one of await this.list(name)) {
      const bytes = await this.read(`${name}/${one}`);
      if (bytes !== undefined) messages.push(decodeSigned(bytes));
    }
    return messages;
  }

  /** Writes an entry that is not there yet; whether it was. */
  create(name: string, bytes: Bytes): Promise<boolean> {
    return this.#store.create(`${this.#path}/${name}`, bytes);
  }

  /**
   * Writes an entry; the same again is no error.
   *
   * @throws by `taken`, if something else has the name
   */
  async keep(name: string, what: Bytes | SignedMessage, taken: () => Error): Promise<void> {
    const bytes = what instanceof Uint8Array ? what : encodeSigned(what);
    if (await this.create(name, bytes)) return;
    const old = await this.read(name);
    if (old === undefined || !equalBytes(old, bytes)) throw taken();
  }

  /**
   * Keeps each of a message's signatures under its steward's index, apart from the others', and gives the message with
   * all that are there. A word given twice is one word: some systems never sign alike twice.
   *
   * @throws {ProtocolError} `already-decided` if a steward's word is for something else
   */
  async gather(
    name: string,
    { body, signatures }: SignedMessage,
    stewards: Manifest['stewards'],
  ): Promise<SignedMessage> {
    for (const signature of signatures) {
      const word = encodeSigned({ body, signatures: [signature] });
      await this.create(`${name}/${stewardOf({ stewards }, signature.signer)}`, word);
    }
    const words = (await this.messages(name)).filter((word) => equalBytes(word.body, body));
    const all = words.reduce(mergeSignatures, { body, signatures: [] });
    if (!signatures.every(({ signer }) => all.signatures.some((other) => equalBytes(other.signer, signer)))) {
      throw new ProtocolError('already-decided', 'A steward has already signed something else in the place of this');
    }
    return all;
  }

  remove(name: string): Promise<void> {
    return this.#store.remove(`${this.#path}/${name}`);
  }

  /** Removes what is in the folder, the last one first, so that what is left is always a beginning. */
  async clear(which: (name: string) => boolean = () => true): Promise<void> {
    for (const name of (await this.list()).filter(which).reverse()) await this.remove(name);
  }
}
