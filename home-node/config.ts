// What the owner decided: command line and `porchlight.toml` in the data folder, read once and checked whole. The only
// file of the home node, besides the embedded server's own options, that reads the command line or the environment.

import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { parse, type TomlTable } from 'smol-toml';
import { causeOf, PorchlightError } from '../shared/errors.ts';
import type { SignatureKind } from '../shared/snapshot.ts';
import { type LogLevel, logLevels } from './log.ts';
import { TomlFields } from './toml-fields.ts';

export interface HomeOptions {
  /** Absolute path of the data folder. */
  readonly folder: string;
  /** One-time code for a claim before the start; null if none was given. */
  readonly claimCode: string | null;
  readonly logLevel: LogLevel;
  /** When home will be back after its next sleep, ms since the epoch; null if nobody said. */
  readonly wakeAt: number | null;
  /** Ask the edge again for what it keeps of deliveries that arrived from then on, ms since the epoch; null: do not. */
  readonly replaySince: number | null;
}

export type ServiceConfig = EmbeddedServiceConfig | ActivityPubServiceConfig;

/** The site and single-person actor that Porchlight brings along; the home node runs it. */
export interface EmbeddedServiceConfig {
  readonly kind: 'embedded';
  readonly name: string;
  readonly hosts: readonly string[];
}

/** An ActivityPub server that the owner runs; it is reached by URL. */
export interface ActivityPubServiceConfig {
  readonly kind: 'activitypub';
  readonly name: string;
  readonly hosts: readonly string[];
  /** Origin of the application server itself, not of a proxy before it. */
  readonly url: string;
  readonly inboxes: readonly string[];
  readonly signatures: readonly SignatureKind[];
}

export interface HomeConfig {
  /** Host name; with a port only in development. */
  readonly domain: string;
  readonly admin: string | null;
  /** Origin of the edge. */
  readonly edge: string;
  /** BCP 47. */
  readonly language: string;
  readonly title: string;
  /** The owner's name before the @domain. */
  readonly handle: string;
  readonly services: readonly ServiceConfig[];
  /** Development: peers may have private addresses. */
  readonly allowPrivateAddresses: boolean;
}

export const usage = `node home-node/main.ts --home DIR [--claim CODE] [--wake-at TIME] [--replay-since TIME] [--log LEVEL]

  --home DIR           data folder with porchlight.toml, home's key and the ledger
  --claim CODE         register home's key at the edge first, by a one-time code of its operator
  --wake-at TIME       when home is back after its next sleep, as 2026-11-21T07:30:00+01:00; strangers are told
  --replay-since TIME  after restoring a backup: deliver again what arrived since and is still kept at the edge
  --log LEVEL          ${logLevels.join(', ')} (info)
`;

/** Throws `options` with what is wrong and the usage. */
export function readOptions(args: readonly string[] = process.argv.slice(2)): HomeOptions {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        home: { type: 'string' },
        claim: { type: 'string' },
        log: { type: 'string', default: 'info' },
        'wake-at': { type: 'string' },
        'replay-since': { type: 'string' },
      },
    });
    const logLevel = logLevels.find((level) => level === values.log);
    const wakeAt = timeOf('--wake-at', values['wake-at']);
    const replaySince = timeOf('--replay-since', values['replay-since']);
    if (values.home === undefined) throw new Error('--home is missing');
    if (logLevel === undefined) throw new Error(`--log is ${values.log}, wanted one of ${logLevels.join(', ')}`);
    return { folder: resolve(values.home), claimCode: values.claim ?? null, logLevel, wakeAt, replaySince };
  } catch (thrown) {
    throw new PorchlightError('options', `Cannot start home: ${causeOf(thrown)}; start it as\n\n${usage}`);
  }
}

function timeOf(name: string, text: string | undefined): number | null {
  if (text === undefined) return null;
  const time = Date.parse(text);
  if (Number.isNaN(time)) throw new Error(`${name} is ${text}, wanted a time as 2026-11-21T07:30:00+01:00`);
  return time;
}

export const configFileName = 'porchlight.toml';

/** Throws `config` when there is no file, or with all faults of the file together. */
export function readConfig(folder: string): HomeConfig {
  const path = join(folder, configFileName);
  if (!existsSync(path)) {
    throw new PorchlightError(
      'config',
      `Cannot start home: there is no ${path}; write at least one line: domain = "your.domain"`,
    );
  }
  return parseConfig(readFileSync(path, 'utf8'), path);
}

export function parseConfig(text: string, path: string): HomeConfig {
  let table: TomlTable;
  try {
    table = parse(text);
  } catch (thrown) {
    throw new PorchlightError('config', `Cannot read ${path}: ${causeOf(thrown)}`);
  }
  const faults: string[] = [];
  const config = configOf(new TomlFields(table, '', faults));
  if (config !== null && faults.length === 0) return config;
  throw new PorchlightError('config', `Cannot use ${path}: ${faults.length} to mend:\n  ${faults.join('\n  ')}`);
}

function configOf(file: TomlFields): HomeConfig | null {
  const [development] = file.tables('development', true);
  const allowPrivateAddresses =
    development?.read(
      'allow_private_addresses',
      'true or false',
      (value) => (typeof value === 'boolean' ? value : null),
      false,
    ) ?? false;
  development?.finish();
  const hostWanted = allowPrivateAddresses
    ? 'a host name in lower case, with its port if any'
    : 'a host name in lower case, without port';
  const isHost = (host: string): boolean => isHostName(host, allowPrivateAddresses);
  const domain = file.text('domain', hostWanted, isHost);
  const edge = file.text(
    'edge',
    'an origin: https://host (http only on loopback)',
    isEdgeOrigin,
    domain === undefined ? '' : `https://${domain}`,
  );
  const admin = file.read(
    'admin',
    'an e-mail address or URL',
    (value) => (typeof value === 'string' ? value : null),
    '',
  );
  const language = file.text('language', 'a language tag such as en or pt-BR', isLanguage, 'en');
  const title = file.text('title', 'a text', (value) => value.trim() !== '', domain ?? '');
  const handle = file.text('handle', 'letters, digits and _', (value) => /^\w{1,64}$/.test(value), 'owner');
  const services = servicesOf(file, domain ?? '', isHost, hostWanted);
  file.finish();
  if (domain === undefined || edge === undefined || language === undefined) return null;
  if (title === undefined || handle === undefined) return null;
  const sure = { domain, edge, language, title, handle, services, allowPrivateAddresses };
  return { ...sure, admin: admin === undefined || admin === '' ? null : admin };
}

function servicesOf(
  file: TomlFields,
  domain: string,
  isHost: (host: string) => boolean,
  hostWanted: string,
): readonly ServiceConfig[] {
  const tables = file.tables('services');
  if (tables.length === 0) return [{ kind: 'embedded', name: 'home', hosts: [domain] }];
  const names = new Set<string>();
  return tables.flatMap((table): readonly ServiceConfig[] => {
    const name = table.text('name', 'small letters, digits and -', (text) => /^[a-z0-9][a-z0-9-]{0,62}$/.test(text));
    const kind = table.text('kind', 'embedded or activitypub', (text) => text === 'embedded' || text === 'activitypub');
    const hosts = table.texts('hosts', `hosts, each ${hostWanted}`, isHost, [domain]);
    if (name !== undefined && names.has(name)) table.fault('name', 'a name that no other service has');
    if (name !== undefined) names.add(name);
    if (kind === 'activitypub') return activityPubOf(table, name, hosts);
    // A service of unknown kind may have any setting; only its kind is at fault.
    if (kind === 'embedded') table.finish();
    return name === undefined || kind === undefined ? [] : [{ kind: 'embedded', name, hosts }];
  });
}

function activityPubOf(
  table: TomlFields,
  name: string | undefined,
  hosts: readonly string[],
): readonly ActivityPubServiceConfig[] {
  const url = table.read('url', 'the origin of the server, as http://127.0.0.1:3000', originOf);
  const inboxes = table.texts('inboxes', 'paths of its inboxes, as ["/inbox", "/users/me/inbox"]', (path) =>
    path.startsWith('/'),
  );
  const kinds: readonly string[] = ['cavage', 'rfc9421'] satisfies SignatureKind[];
  const isKind = (text: string): text is SignatureKind => kinds.includes(text);
  const signatures = table
    .texts('signatures', `what it can verify, of ${kinds.join(', ')}`, isKind, ['cavage'])
    .filter(isKind);
  table.finish();
  return name === undefined || url === undefined
    ? []
    : [{ kind: 'activitypub', name, hosts, url, inboxes, signatures }];
}

function isHostName(host: string, withPort: boolean): boolean {
  if (!withPort && host.includes(':')) return false;
  const url = URL.parse(`http://${host}/`);
  return url !== null && url.host === host;
}

function originOf(value: unknown): string | null {
  const url = typeof value === 'string' ? URL.parse(value) : null;
  if (url === null || !/^https?:$/.test(url.protocol)) return null;
  return url.href === `${url.origin}/` ? url.origin : null;
}

function isEdgeOrigin(text: string): boolean {
  const url = URL.parse(text);
  if (url === null || url.origin !== text) return false;
  return url.protocol === 'https:' || /^(localhost|127\.0\.0\.1|\[::1\])$/.test(url.hostname);
}

function isLanguage(text: string): boolean {
  try {
    return Intl.getCanonicalLocales(text).length === 1;
  } catch {
    return false;
  }
}
