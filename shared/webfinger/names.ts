// The names that WebFinger is asked for (RFC 7033 section 4.1): which of them are one.

export interface Acct {
  readonly user: string;
  /** In lower case. */
  readonly host: string;
}

/** The parts of an acct: URI (RFC 7565 section 7); null for any other, and for one without a host. */
export function acctOf(resource: string): Acct | null {
  const [, user = '', host = ''] = /^acct:([^@\s]+)@([^@\s/?#]+)$/i.exec(resource) ?? [];
  return user === '' ? null : { user, host: host.toLowerCase() };
}

export function acctUri({ user, host }: Acct): string {
  return `acct:${user}@${host}`;
}

/** The host that a name is at; null when it says none. */
export function hostOf(resource: string): string | null {
  return acctOf(resource)?.host ?? (/^https?:/i.test(resource) ? (URL.parse(resource)?.host ?? null) : null);
}

/**
 * Two names are one when this is equal. Of acct: URIs the host is case-insensitive (RFC 7565 section 4); people write the
 * rest as they like too, and no server here tells Owner from owner. The answer's subject has the right spelling.
 */
export function comparable(resource: string): string {
  if (/^acct:/i.test(resource)) return resource.toLowerCase();
  return URL.parse(resource)?.href ?? resource;
}
