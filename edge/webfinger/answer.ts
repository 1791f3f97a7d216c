// WebFinger (RFC 7033): who is `acct:owner@domain`? Pure: the query's text and the accounts in, the answer out. Home
// leaves all its accounts, so that an unknown one may honestly be called unknown.

import type { WebFingerAccount, WebFingerLink } from '../../shared/snapshot.ts';

export type WebFingerAnswer =
  | { readonly status: 200; readonly body: Descriptor }
  /** Section 4.2: the resource is missing, repeated or malformed. */
  | { readonly status: 400 }
  | { readonly status: 404 };

/** JSON Resource Descriptor, section 4.4. */
export interface Descriptor {
  readonly subject: string;
  readonly aliases: readonly string[];
  readonly links: readonly WebFingerLink[];
}

/** `query` is what stands after the `?`, undecoded. */
export function answerWebFinger(query: string, accounts: readonly WebFingerAccount[]): WebFingerAnswer {
  const parameters = readQuery(query);
  const resources = parameters?.filter(([name]) => name === 'resource') ?? [];
  const resource = resources[0]?.[1];
  // Section 4.1: `resource` exactly once, a URI (RFC 3986 section 3.1: a scheme first).
  if (parameters === null || resource === undefined || resources.length > 1) return { status: 400 };
  if (!/^[a-z][a-z0-9+.-]*:./i.test(resource)) return { status: 400 };
  const asked = comparable(resource);
  const account = accounts.find((each) => [each.subject, ...each.aliases].some((name) => comparable(name) === asked));
  if (account === undefined) return { status: 404 };
  // Section 4.3: `rel` may be repeated; it filters links and nothing else.
  const rels = parameters.filter(([name]) => name === 'rel').map(([, value]) => value);
  const links = account.links.filter(({ rel }) => rels.length === 0 || rels.includes(rel));
  return { status: 200, body: { subject: account.subject, aliases: account.aliases, links } };
}

/** Section 4.1: percent-encoding only; a plus is a plus. null when it is not UTF-8 underneath. */
function readQuery(query: string): readonly (readonly [name: string, value: string])[] | null {
  try {
    return query.split('&').map((pair) => {
      const [name = '', value = ''] = pair.split(/=(.*)/s);
      return [decodeURIComponent(name), decodeURIComponent(value)] as const;
    });
  } catch (thrown) {
    if (thrown instanceof URIError) return null;
    throw thrown;
  }
}

/**
 * Two names are one when this is equal. Of acct: URIs (RFC 7565) the host is case-insensitive; people write the rest
 * as they like too, and no server here tells Owner from owner. The answer's subject has the right spelling.
 */
function comparable(resource: string): string {
  if (/^acct:/i.test(resource)) return resource.toLowerCase();
  return URL.parse(resource)?.href ?? resource;
}
