// The key of this home's edge actor (edge/activitypub/edge-actor.ts). Made here when it is first needed, because making
// one takes more time than a Worker's request has on the free plan and a Durable Object's has; kept here, and used here:
// the Worker brings what is to be signed, and the private half leaves this object for nobody. One row write, once.

/** RSA with 2,048 bits: what every server of the fediverse verifies. */
const algorithm = {
  name: 'RSASSA-PKCS1-v1_5',
  modulusLength: 2048,
  publicExponent: Uint8Array.of(1, 0, 1),
  hash: 'SHA-256',
};

/** On the key-value side of the object's database. */
const storageKey = 'edge-key';

interface Kept {
  /** PrivateKeyInfo (RFC 5208), DER. */
  readonly pkcs8: Uint8Array<ArrayBuffer>;
  /** SubjectPublicKeyInfo in PEM (RFC 7468 section 13). */
  readonly publicKeyPem: string;
}

interface Pair {
  readonly privateKey: CryptoKey;
  readonly publicKeyPem: string;
}

export class EdgeKey {
  readonly #storage: DurableObjectStorage;
  #pair: Promise<Pair> | null = null;

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage;
  }

  async publicKeyPem(): Promise<string> {
    return (await this.#opened()).publicKeyPem;
  }

  /** RSASSA-PKCS1-v1_5 with SHA-256 over the text's UTF-8. */
  async sign(text: string): Promise<Uint8Array<ArrayBuffer>> {
    const { privateKey } = await this.#opened();
    return new Uint8Array(await crypto.subtle.sign(algorithm.name, privateKey, new TextEncoder().encode(text)));
  }

  /** One at a time: two would make two keys, and peers would remember the one that is not kept. */
  async #opened(): Promise<Pair> {
    this.#pair ??= this.#open();
    try {
      return await this.#pair;
    } catch (thrown) {
      this.#pair = null;
      throw thrown;
    }
  }

  async #open(): Promise<Pair> {
    const kept = this.#storage.kv.get<Kept>(storageKey) ?? (await this.#make());
    const privateKey = await crypto.subtle.importKey('pkcs8', kept.pkcs8, algorithm, false, ['sign']);
    return { privateKey, publicKeyPem: kept.publicKeyPem };
  }

  async #make(): Promise<Kept> {
    const made = (await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])) as CryptoKeyPair;
    const pkcs8 = (await crypto.subtle.exportKey('pkcs8', made.privateKey)) as ArrayBuffer;
    const spki = (await crypto.subtle.exportKey('spki', made.publicKey)) as ArrayBuffer;
    const kept = { pkcs8: new Uint8Array(pkcs8), publicKeyPem: pemOf(new Uint8Array(spki)) };
    this.#storage.kv.put(storageKey, kept);
    return kept;
  }
}

function pemOf(spki: Uint8Array): string {
  const lines = btoa(String.fromCharCode(...spki)).match(/.{1,64}/g) ?? [];
  return `-----BEGIN PUBLIC KEY-----\n${lines.join('\n')}\n-----END PUBLIC KEY-----\n`;
}
