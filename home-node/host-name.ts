// A domain as an owner or a service wrote it, as hosts are named on the way: in small letters, in A-labels (RFC 5891),
// without a port and a final dot. Pure.

/** null for what is no host's name (a pattern, a remark): it can be nobody's. `*.` before it means the same here. */
export function asHostName(domain: string): string | null {
  const host = URL.parse(`https://${domain.trim().replace(/^\*\./, '')}`)?.hostname.replace(/\.$/, '') ?? '';
  return /^(?=.{1,253}$)[a-z0-9_-]+(\.[a-z0-9_-]+)*$/.test(host) ? host : null;
}

/** As asHostName(), of an entry that may stand for what is below a domain: `*.` stays. */
export function asHostNames(domain: string): string | null {
  const host = asHostName(domain);
  return host !== null && domain.trim().startsWith('*.') ? `*.${host}` : host;
}
