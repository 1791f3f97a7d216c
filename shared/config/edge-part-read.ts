// Shapes of the edge's part, once its signature holds. What is not in edge-part.ts is left out, so that a newer home can
// speak to an older edge.

import { PorchlightError } from '../errors.ts';
import type { SignatureKind } from '../snapshot.ts';
import { isHostName, isLanguage } from './accept.ts';
import type { EdgePart, EdgePartService } from './edge-part.ts';
import { signatureKinds } from './home-config.ts';

type Fields = Readonly<Record<string, unknown>>;

/** Throws `config-malformed`. */
export function readEdgePart(fields: Fields): EdgePart {
  const { version, hosts, language, title, services, statusPage } = fields;
  if (typeof version !== 'number' || !Number.isSafeInteger(version) || version < 0) wrong('version', 'a whole number');
  if (typeof language !== 'string' || !isLanguage(language)) wrong('language', 'a language tag (BCP 47)');
  if (typeof title !== 'string' || title.trim() === '') wrong('title', 'a text');
  if (typeof statusPage !== 'boolean') wrong('statusPage', 'true or false');
  const read = list(services, 'services', service);
  if (new Set(read.map(({ name }) => name)).size < read.length) wrong('services', 'a list with each name once');
  return { version, hosts: hostList(hosts, 'hosts'), language, title, services: read, statusPage };
}

function service(value: unknown, at: string): EdgePartService {
  const { name, kind, hosts, signatures } = (typeof value === 'object' && value !== null ? value : {}) as Fields;
  if (typeof name !== 'string' || !/^[a-z0-9][a-z0-9-]{0,62}$/.test(name)) wrong(`${at}.name`, 'a name of a service');
  if (typeof kind !== 'string' || !/^[a-z][a-z0-9-]{0,62}$/.test(kind)) wrong(`${at}.kind`, 'a kind of service');
  // Kinds of signatures that only a newer home knows cannot be verified here.
  const known = list(signatures, `${at}.signatures`, (one) => one).filter((one): one is SignatureKind =>
    signatureKinds.some((each) => each === one),
  );
  return { name, kind, hosts: hostList(hosts, `${at}.hosts`), signatures: known };
}

function hostList(value: unknown, at: string): readonly string[] {
  const hosts = list(value, at, (one, where) =>
    typeof one === 'string' && isHostName(one, true) ? one : wrong(where, 'a host'),
  );
  return hosts.length === 0 ? wrong(at, 'a list with a host in it') : hosts;
}

function list<Item>(value: unknown, at: string, item: (value: unknown, at: string) => Item): readonly Item[] {
  return Array.isArray(value) ? value.map((one, index) => item(one, `${at}[${index}]`)) : wrong(at, 'a list');
}

function wrong(at: string, expected: string): never {
  throw new PorchlightError(
    'config-malformed',
    `Cannot go by these settings: ${at} is not ${expected}; bring home and edge to the same version.`,
  );
}
