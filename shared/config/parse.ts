// porchlight.toml: text in, settings or all of their faults out. Pure; home-node/config.ts reads the file.

import type { AccountLink } from '../snapshot.ts';
import type { ConfigFault } from './faults.ts';
import { Fields } from './fields.ts';
import { type HomeConfig, ownHosts, type ServiceConfig } from './home-config.ts';
import { mendedLine } from './meant.ts';
import { type SectionName, schema, sections } from './schema.ts';
import { servicesOf } from './services.ts';
import type { Known } from './setting.ts';
import { readToml, type TomlTable } from './toml.ts';

export type ConfigReading = { readonly config: HomeConfig } | { readonly faults: readonly ConfigFault[] };

const blank: Known = { allowPrivateAddresses: false, domain: '', kind: null, driver: null, otherMachine: false };
const emptyTable: TomlTable = { line: 1, entries: new Map() };

/** Faults come in the order of their lines. */
export function parseHomeConfig(text: string): ConfigReading {
  const reading = readToml(text);
  if ('notToml' in reading) {
    const { line, notToml } = reading;
    const suggestion = mendedLine(text.split('\n')[line - 1] ?? '', blank);
    return { faults: [{ line, key: '', found: `what is no TOML (${notToml})`, wanted: 'TOML (toml.io)', suggestion }] };
  }
  const faults: ConfigFault[] = [];
  const config = configOf(reading.table, faults);
  if (config !== null && faults.length === 0) return { config };
  return { faults: faults.sort((a, b) => a.line - b.line) };
}

function configOf(table: TomlTable, faults: ConfigFault[]): HomeConfig | null {
  const file = new Fields(schema.top, '', table, faults);
  file.unknown(sections.map(({ name }) => name).filter((name) => name !== 'top'));
  const single = <Name extends Exclude<SectionName, 'top' | 'services' | 'links'>>(
    name: Name,
  ): Fields<(typeof schema)[Name]> => {
    const fields = new Fields<(typeof schema)[Name]>(
      schema[name],
      `${name}.`,
      file.tables(name, true)[0] ?? emptyTable,
      faults,
    );
    fields.unknown();
    return fields;
  };
  const allowPrivateAddresses = single('development').value('allow_private_addresses', blank) ?? false;
  const domain = file.value('domain', { ...blank, allowPrivateAddresses });
  const known: Known = { ...blank, allowPrivateAddresses, domain: domain ?? '' };
  const services = servicesOf(file.tables('services', false), known, faults);
  const [alerts, metrics, log, site] = [single('alerts'), single('metrics'), single('log'), single('site')];
  // Each is asked for before anything is decided, so that all faults are found; what is at fault has its default here.
  const config = {
    edge: file.value('edge', known),
    admin: file.value('admin', known) ?? null,
    language: file.value('language', known),
    title: file.value('title', known),
    handle: file.value('handle', known),
    hosts: hostsOf(file, known, services),
    statusPage: file.value('status_page', known) ?? true,
    services,
    links: linksOf(file.tables('links', false), known, faults),
    alerts: {
      command: alerts.value('command', known) ?? null,
      spoolShare: alerts.value('spool_share', known) ?? 0,
      linkLostMinutes: alerts.value('link_lost_minutes', known) ?? 0,
      keyDays: alerts.value('key_days', known) ?? 0,
      snapshotHours: alerts.value('snapshot_hours', known) ?? 0,
    },
    metrics: { listen: metrics.value('listen', known) ?? null },
    log: { format: log.value('format', known) ?? 'text', level: log.value('level', known) ?? 'info' },
    site: { warmPages: site.value('warm_pages', known) ?? 0 },
    allowPrivateAddresses,
  };
  const { edge, language, title, handle } = config;
  if (domain === undefined || edge === undefined || language === undefined) return null;
  return title === undefined || handle === undefined ? null : { ...config, domain, edge, language, title, handle };
}

/** All, unless some are named. */
function hostsOf(file: Fields<typeof schema.top>, known: Known, services: readonly ServiceConfig[]): readonly string[] {
  const all = ownHosts(known.domain, services);
  const named = file.value('hosts', known) ?? [];
  const foreign = named.filter((host) => !all.includes(host));
  if (foreign.length > 0)
    file.fault('hosts', `only hosts of your services: not ${foreign.join(', ')}, but of ${all.join(', ')}`);
  return named.length === 0 ? all : [...new Set(named)];
}

function linksOf(tables: readonly TomlTable[], known: Known, faults: ConfigFault[]): readonly AccountLink[] {
  return tables.flatMap((table, index) => {
    const fields = new Fields(schema.links, `links[${index}].`, table, faults);
    fields.unknown();
    const [account, rel, href] = [
      fields.value('account', known),
      fields.value('rel', known),
      fields.value('href', known),
    ];
    return account === undefined || rel === undefined || href === undefined ? [] : [{ account, rel, href }];
  });
}
