// The body of a delivery before anybody works on it: bounded JSON, and the actor that it names in the plain way. Fedify
// reads it for good afterwards.

import { isObject, readJsonObject } from '../../shared/json-object.ts';

export type BodyReading = { readonly actor: URL | null } | { readonly malformed: string };

export function readActivityBody(body: Uint8Array): BodyReading {
  const reading = readJsonObject(body);
  if ('malformed' in reading) return reading;
  const { actor } = reading.json;
  const id = isObject(actor) ? actor.id : actor;
  return { actor: typeof id === 'string' ? URL.parse(id) : null };
}
