// The [[services]] of porchlight.toml: each by itself, and what no two of them may share.

import { inboxesMeet } from '../inbox-path.ts';
import { embeddedInboxes, embeddedName } from './embedded.ts';
import type { ConfigFault } from './faults.ts';
import { Fields } from './fields.ts';
import type { ServiceConfig } from './home-config.ts';
import { schema } from './schema.ts';
import type { Known } from './setting.ts';
import { readToml, type TomlTable } from './toml.ts';

type ServiceFields = Fields<typeof schema.services>;

interface ReadService {
  readonly name: string | undefined;
  /** null: it is at fault. */
  readonly service: ServiceConfig | null;
}

/** What there is when no service is written down. */
const usual = readToml(`name = "${embeddedName}"\nkind = "embedded"`);

export function servicesOf(
  written: readonly TomlTable[],
  known: Known,
  faults: ConfigFault[],
): readonly ServiceConfig[] {
  const tables = written.length > 0 || !('table' in usual) ? written : [usual.table];
  const names = new Map<string, string>();
  const inboxes = new Map<string, string>();
  return tables.flatMap((table, index) => {
    const at = `services[${index}]`;
    const fields = new Fields(schema.services, `${at}.`, table, faults);
    const { name, service } = readService(fields, known);
    if (name !== undefined) {
      const other = names.get(name);
      if (other !== undefined) fields.fault('name', `a name of its own: this is that of ${other}`);
      names.set(name, other ?? at);
    }
    if (service === null) return [];
    const own = inboxesOf(service);
    const taken = own.find((inbox) => holderOf(inbox, inboxes) !== null);
    if (taken !== undefined) {
      const key = fields.isWritten('inboxes') ? 'inboxes' : 'hosts';
      fields.fault(key, `inboxes that no other service has: ${taken} is that of ${holderOf(taken, inboxes)}`);
    }
    for (const inbox of own) inboxes.set(inbox, inboxes.get(inbox) ?? at);
    return [service];
  });
}

function readService(fields: ServiceFields, blank: Known): ReadService {
  const name = fields.value('name', blank);
  const kind = fields.value('kind', blank);
  // A service of unknown kind may have any setting; only its kind is at fault.
  if (kind === undefined) return { name, service: null };
  fields.unknown();
  const driver = fields.value('driver', { ...blank, kind });
  const otherMachine = fields.value('other_machine', { ...blank, kind }) ?? false;
  const known: Known = { ...blank, kind, driver: driver ?? null, otherMachine };
  const hosts = fields.value('hosts', known) ?? [];
  const command = fields.value('command', known);
  const url = fields.value('url', known);
  const inboxes = fields.value('inboxes', known) ?? [];
  const signatures = fields.value('signatures', known) ?? [];
  const database = fields.value('database', known) ?? null;
  const defer = fields.value('defer', known) ?? false;
  const allowedDomains = fields.value('allowed_domains', known) ?? [];
  const limitedFederation = (fields.value('limited_federation', known) ?? false) || allowedDomains.length > 0;
  const receiptDays = fields.value('receipt_days', known) ?? 1;
  const shared = {
    accountDomain: fields.value('account_domain', known) ?? null,
    health: fields.value('health', known) ?? null,
    authorizedFetch: fields.value('authorized_fetch', known) ?? false,
    drainParallel: fields.value('drain_parallel', known) ?? 1,
    drainPerSecond: fields.value('drain_per_second', known) ?? null,
  };
  if (name === undefined) return { name, service: null };
  if (kind === 'embedded') return { name, service: { kind, name, hosts, driver: 'process', ...shared } };
  if (url === undefined || driver === undefined) return { name, service: null };
  const told = { database, defer, receiptDays, limitedFederation, allowedDomains };
  const own = { driver, command: command ?? null, url, otherMachine, inboxes, signatures, ...told };
  return { name, service: { kind, name, hosts, ...own, ...shared } };
}

/** Each with its host. */
function inboxesOf(service: ServiceConfig): readonly string[] {
  const paths = service.kind === 'embedded' ? embeddedInboxes : service.inboxes;
  return service.hosts.flatMap((host) => [...new Set(paths)].map((path) => host + path));
}

/** The service that has this inbox, or one that the same path can be; null: none. Each with its host. */
function holderOf(inbox: string, inboxes: ReadonlyMap<string, string>): string | null {
  for (const [taken, at] of inboxes) if (inboxesMeet(taken, inbox)) return at;
  return null;
}
