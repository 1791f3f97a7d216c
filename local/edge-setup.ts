// What Miniflare is told: the Worker of wrangler.toml, behind the egress, with its databases in the data folder, and
// silence towards the internet.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Log, LogLevel, type MiniflareOptions } from 'miniflare';
import { keptBundle } from './bundle-cache.ts';
import { type EdgeConfig, readEdgeConfig } from './edge-config.ts';
import { egressName, egressWorker } from './edge-egress.ts';

export interface EdgeOptions {
  /** 0 takes a free one. */
  readonly port: number;
  /** Where databases and stored bodies live; made when absent. */
  readonly dataDir: string;
  /** PEM texts; with them the edge speaks HTTPS. */
  readonly tls?: { readonly key: string; readonly cert: string };
  /** A second way in, by plain HTTP even when the edge speaks HTTPS: what a benchmark compares without TLS. */
  readonly plainPort?: number;
  /** Origins whose keys may be fetched although they are loopback or plain HTTP. */
  readonly devKeyOrigins?: readonly string[];
  readonly dnsResolver?: string;
  /** Public half of the operator's key; nobody may make operator's calls if left out. */
  readonly operatorKey?: string;
  /** Which build the edge says that it is; `source` if left out. */
  readonly build?: string;
  /** A Worker bundled before; otherwise it is bundled now. */
  readonly bundlePath?: string;
  /** Bindings and D1 migrations by another wrangler.toml than the repository's: of another release. */
  readonly wranglerToml?: string;
  /** Where the Worker's own lines go; to standard error if left out. */
  readonly onLine?: (line: string) => void;
  /** Called when workerd can no longer be kept running. */
  readonly onLost?: (cause: unknown) => void;
}

export interface EdgeSetup {
  readonly name: string;
  readonly database: EdgeConfig['database'];
  readonly miniflareOptions: MiniflareOptions & { readonly port: number };
}

const root = join(import.meta.dirname, '..');

export async function edgeSetup(options: EdgeOptions, port: number): Promise<EdgeSetup> {
  const { tls, dnsResolver, operatorKey, bundlePath, dataDir, devKeyOrigins = [], build } = options;
  const { wranglerToml = join(root, 'wrangler.toml') } = options;
  const { name, database, main, env, exports, compatibilityDate, compatibilityFlags } = readEdgeConfig(wranglerToml, {
    DEV_KEY_ORIGINS: devKeyOrigins.join(','),
    ...(dnsResolver === undefined ? {} : { DNS_RESOLVER: dnsResolver }),
    ...(operatorKey === undefined ? {} : { OPERATOR_KEY: operatorKey }),
    ...(build === undefined ? {} : { BUILD: build }),
  });
  const script = bundlePath === undefined ? await keptBundle(main) : readFileSync(bundlePath, 'utf8');
  const manifest = { mainModule: 'worker.js', modules: { 'worker.js': { type: 'esm' as const, contents: script } } };
  const named = [...devKeyOrigins, ...(dnsResolver === undefined ? [] : [dnsResolver])].map(
    (url) => new URL(url).origin,
  );
  const worker = {
    config: { name, compatibilityDate, compatibilityFlags, manifest, env, exports },
    dev: { outboundService: { type: 'worker' as const, worker: egressName }, unsafeRegisterWorker: false },
  };
  const miniflareOptions = {
    ...quiet,
    handleStructuredLogs: ({ message }: { readonly message: string }): void => (options.onLine ?? report)(message),
    host: '127.0.0.1',
    port,
    ...(tls === undefined ? {} : { https: true, httpsKey: tls.key, httpsCert: tls.cert }),
    // Where Wrangler looks with `--persist-to`.
    resourcePersistencePath: join(dataDir, 'v3'),
    unsafeInspectDurableObjects: true,
    workers: [withPlainSocket(worker, options.plainPort), egressWorker(named, compatibilityDate)],
  };
  return { name, database, miniflareOptions };
}

function withPlainSocket<W extends { readonly dev: object }>(worker: W, port: number | undefined): W {
  if (port === undefined) return worker;
  return { ...worker, dev: { ...worker.dev, unsafeDirectSockets: [{ host: '127.0.0.1', port }] } };
}

/** Standard output belongs to the one line that says that the edge is ready. */
export function report(message: string): void {
  process.stderr.write(`${message}\n`);
}

class StderrLog extends Log {
  protected override log(message: string): void {
    report(message);
  }
}

/** Nothing here asks the internet for anything. */
const quiet = {
  log: new StderrLog(LogLevel.WARN),
  logRequests: false,
  cf: false,
  enableDevRegistry: false,
  telemetry: { enabled: false },
} as const;
