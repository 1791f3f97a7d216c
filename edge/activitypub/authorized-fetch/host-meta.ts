// Where a server has its WebFinger, as its host-meta says (RFC 6415 section 3.1, as RFC 7033 was asked before it had an
// address of its own). Mastodon and GoToSocial look there when the address of RFC 7033 has nothing. Pure.

const link = /<(?:\w+:)?Link\s([^<>]*)>/gi;

/**
 * The address that answers for `account` (`acct:name@host`); null: it names none that is a URL. No XML parser: one element
 * with two attributes is looked for, and what a hostile document makes of that is an address, which is held against the
 * same rules as any other.
 */
export function webFingerAt(xrd: string, account: string): string | null {
  for (const [, attributes = ''] of xrd.matchAll(link)) {
    if (attribute(attributes, 'rel') !== 'lrdd') continue;
    const template = attribute(attributes, 'template');
    if (template === null) continue;
    return URL.parse(template.replaceAll('{uri}', () => encodeURIComponent(account)))?.href ?? null;
  }
  return null;
}

function attribute(attributes: string, name: string): string | null {
  const [, double, single] = new RegExp(`(?:^|\\s)${name}\\s*=\\s*(?:"([^"]*)"|'([^']*)')`).exec(attributes) ?? [];
  const value = double ?? single;
  return value === undefined ? null : value.replaceAll('&amp;', '&');
}
