// What the edge must know of an activity to judge it: who says it, and whether it is an actor's news about itself. No
// JSON-LD is processed and no context fetched; home's service does that.

import { isObject, type JsonObject, readJsonObject } from '../../shared/json-object.ts';
import { limits } from '../../shared/limits.ts';

export interface Activity {
  /** The actor's id. */
  readonly actor: string;
  /**
   * A Delete or Update whose object is its own actor. From an actor that home never met it changes nothing, and it is
   * most of what arrives, because servers announce the end of an account to everybody they know.
   */
  readonly ofItself: 'Delete' | 'Update' | null;
  /** It carries a proof of who made it, whoever hands it on; home's service checks that, the edge does not. */
  readonly carriesProof: boolean;
}

export type ActivityReading = { readonly activity: Activity } | { readonly malformed: string };

/** `depth`: how deep the JSON may be at most. */
export function readActivity(body: Uint8Array, depth: number = limits.jsonDepth): ActivityReading {
  const reading = readJsonObject(body, Math.min(depth, limits.jsonDepth));
  if ('malformed' in reading) return reading;
  const actor = idOf(reading.json.actor);
  if (actor === null) return { malformed: 'it names no actor' };
  if (!isAddress(actor)) return { malformed: 'its actor is no address' };
  const ofItself = idOf(reading.json.object) === actor ? newsOf(reading.json) : null;
  return { activity: { actor, ofItself, carriesProof: carriesProof(reading.json) } };
}

/** Activity Streams 2.0 section 4: a link, an object with an id, or a list of them, here of exactly one. */
function idOf(value: unknown): string | null {
  if (Array.isArray(value)) return value.length === 1 ? idOf(value[0]) : null;
  if (isObject(value)) return typeof value.id === 'string' && value.id !== '' ? value.id : null;
  return typeof value === 'string' && value !== '' ? value : null;
}

/** Long ones, and those with spaces or control characters, would only be trouble in rows and logs. */
export function isAddress(id: string): boolean {
  return id.length <= limits.addressLength && !/[\s\p{Cc}]/u.test(id);
}

/** A Linked Data signature (RsaSignature2017), or an object integrity proof, alone or among others (FEP-8b32). */
function carriesProof({ signature, proof }: JsonObject): boolean {
  if (isObject(signature) && typeof signature.signatureValue === 'string') return true;
  const proofs: readonly unknown[] = Array.isArray(proof) ? proof : [proof];
  return proofs.some((one) => isObject(one) && typeof one.proofValue === 'string');
}

function newsOf({ type }: JsonObject): Activity['ofItself'] {
  return type === 'Delete' || type === 'Update' ? type : null;
}
