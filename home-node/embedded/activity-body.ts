// The body of a delivery before anybody works on it: bounded JSON, the actor that it names in the plain way, and the proofs
// that it carries in the plain way. Fedify reads it for good afterwards.

import { isObject, type JsonObject, readJsonObject } from '../../shared/json-object.ts';

/** A Linked Data signature, or an object integrity proof (FEP-8b32). Both cover the time that they name. */
export interface BodyProof {
  /** Address of its key; null: it names none. */
  readonly keyId: URL | null;
  /** ms since the epoch; null: it does not say. */
  readonly madeAt: number | null;
}

export type BodyReading =
  | { readonly actor: URL | null; readonly proofs: readonly BodyProof[] }
  | { readonly malformed: string };

export function readActivityBody(body: Uint8Array): BodyReading {
  const reading = readJsonObject(body);
  if ('malformed' in reading) return reading;
  return { actor: addressOf(reading.json.actor), proofs: proofsOf(reading.json) };
}

function proofsOf({ signature, proof }: JsonObject): readonly BodyProof[] {
  const isLinkedData = isObject(signature) && signature.type === 'RsaSignature2017';
  const linkedData = isLinkedData ? [{ keyId: addressOf(signature.creator), madeAt: timeOf(signature) }] : [];
  const integrity: readonly unknown[] = Array.isArray(proof) ? proof : [proof];
  return [
    ...linkedData,
    ...integrity
      .filter((one) => one !== undefined && one !== null)
      .map((one) => (isObject(one) ? { keyId: addressOf(one.verificationMethod), madeAt: timeOf(one) } : onlyNamed)),
  ];
}

/** A proof that lies elsewhere. */
const onlyNamed: BodyProof = { keyId: null, madeAt: null };

function addressOf(value: unknown): URL | null {
  const id = isObject(value) ? value.id : value;
  return typeof id === 'string' ? URL.parse(id) : null;
}

function timeOf({ created }: JsonObject): number | null {
  const time = typeof created === 'string' ? Date.parse(created) : Number.NaN;
  return Number.isNaN(time) ? null : time;
}
