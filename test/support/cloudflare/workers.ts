// The stand-in's Workers: versions as they were uploaded, which of them is live, and at which domains.

import type { StandInAccount, StandInVersion, StandInWorker } from './account.ts';
import type { ApiAnswer, ApiRequest } from './stand-in.ts';

const noWorker: ApiAnswer = { status: 404, code: 10_007, message: 'This Worker does not exist on your account.' };

export async function answerWorkers(account: StandInAccount, request: ApiRequest): Promise<ApiAnswer | null> {
  const { method, path } = request;
  if (path === '/workers/scripts' && method === 'GET') {
    return { result: [...account.workers.values()].map(({ name, migrationTag }) => tagged(name, migrationTag)) };
  }
  const [, service] = /^\/workers\/services\/([^/]+)$/.exec(path) ?? [];
  if (service !== undefined) {
    const worker = account.workers.get(service);
    if (worker === undefined) return { ...noWorker, code: 10_090 };
    const script = { tag: 'tag', tags: [], last_deployed_from: 'wrangler', ...tagged(service, worker.migrationTag) };
    return { result: { id: service, default_environment: { environment: 'production', script } } };
  }
  const [, beta] = /^\/workers\/workers\/([^/]+)$/.exec(path) ?? [];
  if (beta !== undefined) {
    return { result: { id: beta, name: beta, subdomain: { enabled: false, previews_enabled: false } } };
  }
  const [, name = '', rest = ''] = /^\/workers\/scripts\/([^/]+)(.*)$/.exec(path) ?? [];
  if (name === '') return null;
  if (rest === '' && method === 'PUT') return await upload(account, name, request);
  const worker = account.workers.get(name);
  if (worker === undefined) return noWorker;
  const json = (): unknown => JSON.parse(request.body.toString());
  const [, versionId] = /^\/versions\/([^/]+)$/.exec(rest) ?? [];
  if (versionId !== undefined) return view(worker, versionId);
  switch (`${method} ${rest}`) {
    case 'POST /versions':
      return await addVersion(account, worker, request);
    case 'GET /deployments':
      return { result: { deployments: worker.live === null ? [] : [deployment(worker.live)] } };
    case 'POST /deployments':
      return deploy(account, worker, json() as { versions: { version_id: string }[] });
    case 'GET /subdomain':
    case 'POST /subdomain':
      return { result: { enabled: false, previews_enabled: false } };
    case 'PATCH /script-settings':
      return { result: {} };
    case 'GET /settings':
      return { result: { bindings: worker.versions.at(-1)?.metadata.bindings ?? [] } };
    case 'GET /secrets':
      return { result: [] };
    case 'POST /domains/changeset':
      return changeset(account, worker, json() as { hostname: string }[]);
    case 'PUT /domains/records':
      return setDomains(account, worker, json() as { origins: { hostname: string }[] });
    default:
      return null;
  }
}

function tagged(id: string, migrationTag: string | null): object {
  return migrationTag === null ? { id } : { id, migration_tag: migrationTag };
}

async function read(account: StandInAccount, { body, contentType }: ApiRequest): Promise<StandInVersion> {
  const form = await new Response(new Uint8Array(body), { headers: { 'Content-Type': contentType } }).formData();
  const metadata = JSON.parse(await text(form.get('metadata'))) as StandInVersion['metadata'] & { main_module: string };
  return { id: account.id(), metadata, script: await text(form.get(metadata.main_module)) };
}

async function text(part: ReturnType<FormData['get']>): Promise<string> {
  return typeof part === 'string' ? part : ((await part?.text()) ?? '');
}

async function upload(account: StandInAccount, name: string, request: ApiRequest): Promise<ApiAnswer> {
  const version = await read(account, request);
  const worker = account.worker(name);
  worker.versions.push(version);
  worker.live = version.id;
  const { migrations } = version.metadata as { migrations?: { new_tag?: string } };
  worker.migrationTag = migrations?.new_tag ?? worker.migrationTag;
  account.changed(`worker ${name}`);
  return { result: { id: name, etag: 'etag', deployment_id: version.id.replaceAll('-', ''), startup_time_ms: 5 } };
}

async function addVersion(account: StandInAccount, worker: StandInWorker, request: ApiRequest): Promise<ApiAnswer> {
  const version = await read(account, request);
  worker.versions.push(version);
  account.changed(`version of ${worker.name}`);
  return { result: { id: version.id, startup_time_ms: 5, resources: { script: { etag: 'etag' } } } };
}

function deploy(
  account: StandInAccount,
  worker: StandInWorker,
  { versions }: { versions: { version_id: string }[] },
): ApiAnswer {
  worker.live = versions[0]?.version_id ?? null;
  account.changed(`worker ${worker.name}`);
  return { result: { id: account.id() } };
}

function deployment(versionId: string): object {
  return {
    id: versionId,
    source: 'wrangler',
    strategy: 'percentage',
    author_email: 'operator@example.org',
    created_on: '2026-11-23T00:00:00.000Z',
    versions: [{ version_id: versionId, percentage: 100 }],
  };
}

function view(worker: StandInWorker, id: string): ApiAnswer {
  const version = worker.versions.find((one) => one.id.replaceAll('-', '') === id.replaceAll('-', ''));
  if (version === undefined) return { status: 404, code: 10_014, message: 'The version was not found' };
  const resources = { script: { handlers: ['fetch'] }, bindings: version.metadata.bindings, script_runtime: {} };
  return { result: { id, metadata: { created_on: '2026-11-23T00:00:00.000Z' }, resources } };
}

function changeset(account: StandInAccount, worker: StandInWorker, wanted: readonly { hostname: string }[]): ApiAnswer {
  const others = [...account.workers.values()].filter((one) => one !== worker);
  const hosts = wanted.map(({ hostname }) => hostname);
  const updated = hosts.filter((host) => others.some(({ domains }) => domains.includes(host)));
  const added = hosts.filter((host) => !worker.domains.includes(host) && !updated.includes(host));
  const removed = worker.domains.filter((host) => !hosts.includes(host));
  const rows = (list: readonly string[]): object[] =>
    list.map((hostname) => ({ id: hostname, hostname, modified: true }));
  return { result: { added: rows(added), removed: rows(removed), updated: rows(updated), conflicting: [] } };
}

function setDomains(
  account: StandInAccount,
  worker: StandInWorker,
  { origins }: { origins: readonly { hostname: string }[] },
): ApiAnswer {
  const hosts = origins.map(({ hostname }) => hostname);
  for (const other of account.workers.values()) {
    if (other !== worker) other.domains = other.domains.filter((host) => !hosts.includes(host));
  }
  const changed = hosts.join() !== worker.domains.join();
  worker.domains = hosts;
  if (changed) account.changed(`domains ${hosts.join(' ')}`);
  return { result: hosts.map((hostname) => ({ hostname })) };
}
