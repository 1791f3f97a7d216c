// The body of a delivery before anybody works on it: a JSON object, not nested so deep that a parser's stack is in
// danger, and the actor that it names in the plain way. Fedify reads it for good afterwards.

import { limits } from '../../shared/limits.ts';

export type BodyReading = { readonly actor: URL | null } | { readonly malformed: string };

export function readActivityBody(body: Uint8Array): BodyReading {
  const json = parse(body);
  if (typeof json !== 'object' || json === null || Array.isArray(json)) return { malformed: 'it is no JSON object' };
  if (isDeeperThan(json, limits.jsonDepth)) return { malformed: `it is nested deeper than ${limits.jsonDepth}` };
  const actor: unknown = 'actor' in json ? json.actor : null;
  const id: unknown = typeof actor === 'object' && actor !== null && 'id' in actor ? actor.id : actor;
  return { actor: typeof id === 'string' ? URL.parse(id) : null };
}

function parse(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch {
    // Not UTF-8, or not JSON: no object either way.
    return null;
  }
}

/** Without recursion: level by level. */
function isDeeperThan(json: object, most: number): boolean {
  let level: readonly unknown[] = [json];
  for (let depth = 0; level.length > 0; depth += 1) {
    const containers = level.filter((value) => typeof value === 'object' && value !== null);
    if (containers.length > 0 && depth >= most) return true;
    level = containers.flatMap((container) => Object.values(container as object));
  }
  return false;
}
