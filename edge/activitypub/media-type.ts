// The media types of ActivityPub (section 3.2): what keys are asked for, and whether a visitor asks for a document or
// for a page.

const profile = 'https://www.w3.org/ns/activitystreams';

export const activityTypes = `application/activity+json, application/ld+json; profile="${profile}"`;

/**
 * Is this Content-Type an ActivityPub document's? Plain application/json is not: many hosts serve under it whatever
 * their users upload, and an uploaded file must not pass for an actor.
 */
export function isActivityType(contentType: string): boolean {
  const { type, parameters } = readMediaType(contentType);
  if (type === 'application/activity+json') return true;
  // RFC 6906: a list of URIs. JSON-LD 1.1 section 6.3.
  return type === 'application/ld+json' && (parameters.get('profile') ?? '').split(' ').includes(profile);
}

/** Does this Accept prefer an ActivityPub document to a page (RFC 9110 section 12.5.1)? Without a preference: no. */
export function prefersActivity(accept: string): boolean {
  let activity = 0;
  let page = 0;
  for (const range of splitOutsideQuotes(accept, /(?:[^,"]|"[^"]*"?)+/g)) {
    const { type, parameters } = readMediaType(range);
    const quality = Number(parameters.get('q') ?? '1');
    const weight = quality >= 0 && quality <= 1 ? quality : 0;
    if (isActivityType(range)) activity = Math.max(activity, weight);
    else if (type === 'text/html' || type === 'application/xhtml+xml') page = Math.max(page, weight);
  }
  return activity > 0 && activity >= page;
}

function readMediaType(text: string): { readonly type: string; readonly parameters: ReadonlyMap<string, string> } {
  const [type = '', ...rest] = splitOutsideQuotes(text, /(?:[^;"]|"[^"]*"?)+/g);
  const parameters = rest.map((part): [string, string] => {
    const [name = '', value = ''] = part.split(/=(.*)/s);
    return [name.trim().toLowerCase(), value.trim().replace(/^"(.*)"$/s, '$1')];
  });
  return { type: type.toLowerCase(), parameters: new Map(parameters) };
}

/** `part` matches what stands between two separators, quoted strings whole. */
function splitOutsideQuotes(text: string, part: RegExp): string[] {
  return (text.match(part) ?? []).map((each) => each.trim());
}
