// Reads a JSON Resource Descriptor (RFC 7033 section 4.4) that a service answered. What is malformed in it is left out:
// one bad link must not cost an account its name.

import type { WebFingerAccount, WebFingerLink } from '../snapshot.ts';

type Fields = Readonly<Record<string, unknown>>;

/** null when it is no descriptor, or names nobody. */
export function readDescriptor(text: string): WebFingerAccount | null {
  let read: unknown;
  try {
    read = JSON.parse(text);
  } catch {
    return null;
  }
  if (!isObject(read) || !isText(read.subject)) return null;
  const aliases = Array.isArray(read.aliases) ? read.aliases.filter(isText) : [];
  const links = Array.isArray(read.links) ? read.links.flatMap(linkOf) : [];
  return { subject: read.subject, aliases, links, ...texts(read, 'properties') };
}

function linkOf(value: unknown): readonly WebFingerLink[] {
  if (!isObject(value) || !isText(value.rel)) return [];
  const { rel, type, href, template } = value;
  return [
    {
      rel,
      ...(isText(type) ? { type } : {}),
      ...(isText(href) ? { href } : {}),
      ...(isText(template) ? { template } : {}),
      ...texts(value, 'properties'),
      ...texts(value, 'titles'),
    },
  ];
}

/** Sections 4.4.3, 4.4.4.4 and 4.4.4.5: names and texts; a property may be null. */
function texts<Name extends 'properties' | 'titles'>(
  fields: Fields,
  name: Name,
): Partial<Record<Name, Readonly<Record<string, string | null>>>> {
  const value = fields[name];
  if (!isObject(value)) return {};
  const kept = Object.entries(value).filter(([, text]) => typeof text === 'string' || text === null);
  return { [name]: Object.fromEntries(kept) } as Partial<Record<Name, Readonly<Record<string, string | null>>>>;
}

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}
