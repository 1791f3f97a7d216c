// Cache-Control (RFC 9111 section 5.2) as a set of directives: names in small letters, values unquoted.

export type Directives = ReadonlyMap<string, string | null>;

/** Takes what a lenient recipient takes (section 5.2: unknown ones are ignored); repeated ones count once. */
export function directivesOf(headers: Headers, name = 'Cache-Control'): Directives {
  const found = new Map<string, string | null>();
  const field = headers.get(name) ?? '';
  for (const [, directive = '', quoted, token] of field.matchAll(
    /([^\s,;="]+)\s*(?:=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]*)))?/g,
  )) {
    const value = quoted ?? token ?? null;
    found.set(directive.toLowerCase(), value);
  }
  return found;
}
