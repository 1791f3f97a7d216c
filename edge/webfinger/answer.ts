// WebFinger (RFC 7033): who is `acct:owner@domain`? Pure: the query's text and the accounts in, the answer out. Home
// leaves all its accounts, so that an unknown one may honestly be called unknown.

import type { WebFingerAccount } from '../../shared/snapshot.ts';
import { comparable } from '../../shared/webfinger/names.ts';

export type WebFingerAnswer =
  | { readonly status: 200; readonly body: WebFingerAccount }
  /** Section 4.2: the resource is missing, repeated or malformed. */
  | { readonly status: 400 }
  | { readonly status: 404 };

export interface WebFingerQuestion {
  readonly resource: string;
  /** Empty: all links are wanted. */
  readonly rels: readonly string[];
}

/** `query` is what stands after the `?`, undecoded. */
export function answerWebFinger(query: string, accounts: readonly WebFingerAccount[]): WebFingerAnswer {
  const question = questionOf(query);
  if (question === null) return { status: 400 };
  const account = byName(accounts).get(comparable(question.resource));
  if (account === undefined) return { status: 404 };
  return { status: 200, body: filtered(account, question.rels) };
}

const indexes = new WeakMap<readonly WebFingerAccount[], ReadonlyMap<string, WebFingerAccount>>();

/** Made once for each snapshot: a server may have thousands of accounts. A canonical name goes before aliases of others. */
function byName(accounts: readonly WebFingerAccount[]): ReadonlyMap<string, WebFingerAccount> {
  const made = indexes.get(accounts);
  if (made !== undefined) return made;
  const index = new Map<string, WebFingerAccount>();
  for (const account of accounts) addName(index, account.subject, account);
  for (const account of accounts) for (const name of account.aliases) addName(index, name, account);
  indexes.set(accounts, index);
  return index;
}

/** Of two with one name the first has it. */
function addName(index: Map<string, WebFingerAccount>, name: string, account: WebFingerAccount): void {
  const key = comparable(name);
  if (!index.has(key)) index.set(key, account);
}

/** null: it is malformed. Section 4.1: `resource` exactly once, a URI (RFC 3986 section 3.1: a scheme first). */
export function questionOf(query: string): WebFingerQuestion | null {
  const parameters = readQuery(query) ?? [];
  const [resource, ...more] = parameters.filter(([name]) => name === 'resource').map(([, value]) => value);
  if (resource === undefined || more.length > 0 || !/^[a-z][a-z0-9+.-]*:./i.test(resource)) return null;
  return { resource, rels: parameters.filter(([name]) => name === 'rel').map(([, value]) => value) };
}

/** Section 4.3: `rel` may be repeated; it filters links and nothing else. */
export function filtered(account: WebFingerAccount, rels: readonly string[]): WebFingerAccount {
  return { ...account, links: account.links.filter(({ rel }) => rels.length === 0 || rels.includes(rel)) };
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
