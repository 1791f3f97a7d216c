// The accounts of all services as WebFinger answers for them: each under its canonical name, with one ActivityPub `self`,
// and no name twice. Where two services want one name, the first in home's settings has it, and the owner is told: a
// second `self` would have some servers follow the one and some the other. Pure.

import type { AccountLink, WebFingerAccount } from '../../shared/snapshot.ts';
import { distinct, fits, placed, withLinks } from '../../shared/webfinger/account.ts';
import { acctOf, acctUri, comparable } from '../../shared/webfinger/names.ts';

export interface AccountsOfService {
  readonly name: string;
  readonly hosts: readonly string[];
  readonly accountDomain?: string;
  /** null: it cannot be asked. */
  readonly accounts: readonly WebFingerAccount[] | null;
}

/** What an owner must mend, as a sentence. */
export type AccountFault = string;

export interface AccountsFound {
  readonly accounts: readonly WebFingerAccount[];
  /** Links of accounts that a service answers for by itself: the edge adds them. */
  readonly links: readonly AccountLink[];
  readonly faults: readonly AccountFault[];
  /** Services of which an account is left out: who is not here is theirs to say. */
  readonly incomplete: ReadonlySet<string>;
}

/**
 * Characters that RFC 7565 section 7 takes without an escape, and letters of whatever script: Lemmy has people whose names
 * are Arabic or Cyrillic, whom its peers ask for as they are written.
 */
const plainUser = /^[\p{L}\p{M}\p{N}._~!$&'()*+,;=-]{1,256}$/u;

export function accountsOf(services: readonly AccountsOfService[], links: readonly AccountLink[]): AccountsFound {
  const faults: AccountFault[] = [];
  const incomplete = new Set<string>();
  /** By name: whose it is. */
  const taken = new Map<string, string>();
  const accounts: WebFingerAccount[] = [];
  const add = (service: string, account: WebFingerAccount): void => {
    const aliases = account.aliases.filter((name) => !taken.has(comparable(name)));
    for (const name of [account.subject, ...aliases]) taken.set(comparable(name), service);
    accounts.push(withLinks({ ...account, aliases }, links));
  };
  for (const service of services) {
    for (const said of service.accounts ?? []) {
      const acct = acctOf(said.subject);
      if (acct === null || !plainUser.test(acct.user)) {
        faults.push(`${service.name} names an account ${said.subject}, which is no acct: address; it is left out.`);
        incomplete.add(service.name);
        continue;
      }
      const account = placed(said, service);
      const other = taken.get(comparable(account.subject));
      if (other === undefined) {
        add(service.name, account);
        continue;
      }
      if (other === service.name) continue;
      // Its own host still finds it.
      const own = [said.subject, ...service.hosts.map((host) => acctUri({ user: acct.user, host }))];
      const free = own.find((name) => !taken.has(comparable(name)));
      const where =
        free === undefined ? 'it is not found at all' : `it is found as ${free.slice('acct:'.length)} alone`;
      faults.push(
        `${account.subject.slice('acct:'.length)} is an account of ${other} and of ${service.name}; ${other} stands first and has the name, of ${service.name} ${where}: rename one of the two.`,
      );
      if (free !== undefined)
        add(service.name, { ...account, subject: free, aliases: distinct(account.aliases, [free]) });
    }
  }
  const open = services.filter(({ name, accounts: told }) => told === null || incomplete.has(name));
  const isOpen = (name: string): boolean => open.some((service) => mayHave(service, name));
  for (const name of new Set(links.map(({ account }) => account))) {
    const uri = `acct:${name}`;
    if (name.startsWith('*@') || taken.has(comparable(uri)) || isOpen(name)) continue;
    // Nobody's but the owner's: found, and not to be followed.
    add('[[links]]', { subject: uri, aliases: [], links: [] });
  }
  return { accounts, links: open.length === 0 ? [] : links, faults, incomplete };
}

function mayHave({ hosts, accountDomain }: AccountsOfService, name: string): boolean {
  const everybody = [...hosts, ...(accountDomain === undefined ? [] : [accountDomain])];
  return everybody.some((host) => fits(`*@${host}`, `acct:${name}`));
}
