// Keeps private keys out of the queue's rows. Fedify puts the sender's private keys (JWK) into every message it queues;
// the row keeps their public parts, and the keys are put back when the message is taken up again.

import type { webcrypto } from 'node:crypto';
import type { ActorKeys } from './keys.ts';

export interface KeySeal {
  /** The message as JSON, without private keys. */
  close(message: unknown): string;
  /** The message again. Throws when it was closed with keys that are gone. */
  open(text: string): unknown;
}

/** In the messages of @fedify/fedify 2.3: `keys: [{ keyId, privateKey }]`. */
interface KeyedMessage {
  readonly keys: readonly { readonly keyId: string; readonly privateKey: webcrypto.JsonWebKey }[];
}

export function sealWith(actorKeys: ActorKeys): KeySeal {
  return {
    close: (message) =>
      JSON.stringify(withKeys(message, ({ kty }) => ({ kty: String(kty) }) satisfies webcrypto.JsonWebKey)),
    open: (text) =>
      withKeys(JSON.parse(text) as unknown, ({ kty }) => {
        const key = actorKeys.privateKeys.find((candidate) => candidate.kty === kty);
        if (key === undefined) throw new Error(`the actor has no key of type ${String(kty)}`);
        return key;
      }),
  };
}

function withKeys(message: unknown, change: (key: webcrypto.JsonWebKey) => webcrypto.JsonWebKey): unknown {
  if (!isKeyed(message)) return message;
  return { ...message, keys: message.keys.map((key) => ({ ...key, privateKey: change(key.privateKey) })) };
}

function isKeyed(message: unknown): message is KeyedMessage {
  return typeof message === 'object' && message !== null && 'keys' in message && Array.isArray(message.keys);
}
