// Runs the edge on this machine: the Worker of wrangler.toml in the workerd of package.json, with its databases in a
// folder. For `npm start`, for the journeys and the benchmarks, and for trying things without an account anywhere.
//
//   node local/edge.ts --port 8780 --data DIR [--hosts a,b] [--tls-key F --tls-cert F]
//                      [--dev-key-origins O,O] [--dns-resolver URL] [--operator-key X] [--bundle F]
//
// Prints one line of JSON when it is ready and ends on SIGTERM or SIGINT. Whatever is killed at whatever moment, what
// was committed is there after the next start with the same folder.

import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { parseArgs } from 'node:util';
import { type Database, issueClaimCode } from '../edge/home/issue-code.ts';
import { systemClock, systemRandom } from '../shared/clock.ts';
import { causeOf } from '../shared/errors.ts';
import { holdFolder } from './edge-folder.ts';
import { migrateDirectory } from './edge-migrations.ts';
import { startRuntime } from './edge-runtime.ts';
import { type EdgeOptions, edgeSetup, report } from './edge-setup.ts';

export interface LocalEdge {
  readonly origin: string;
  readonly port: number;
  /** Of the workerd that runs now; undefined while it is started again after a crash. */
  readonly workerdPid: number | undefined;
  /** Lets one home answer for these hosts; a new code for hosts of one home replaces its key. */
  issueClaimCode(hosts: readonly string[]): Promise<string>;
  /** Rows of the directory's database. */
  query<Row>(sql: string, ...values: unknown[]): Promise<Row[]>;
  /** Rows of one object's own database; `home` is the home's id. */
  queryObject<Row>(className: 'SpoolObject' | 'LinkObject', home: string, sql: string): Promise<Row[]>;
  stop(): Promise<void>;
}

/** Rejects when the folder belongs to an edge that runs, or workerd does not start. */
export async function startEdge(options: EdgeOptions): Promise<LocalEdge> {
  const port = options.port === 0 ? await freePort() : options.port;
  const { name, database, miniflareOptions } = await edgeSetup(options, port);
  const hold = holdFolder(options.dataDir);
  const lost = options.onLost ?? ((cause) => report(`Cannot keep the edge running: ${causeOf(cause)}`));
  const runtime = await startRuntime(miniflareOptions, (pid) => hold.runs(pid), lost);
  const { miniflare } = runtime;
  // Asked for anew each time: what it gives does not outlive a crash of workerd.
  const directory = async (): Promise<Database> =>
    (await miniflare.getD1Database(database.binding)) as unknown as Database;
  const stop = async (): Promise<void> => {
    await runtime.stop();
    hold.release();
  };
  try {
    await migrateDirectory(await directory(), database.migrations);
  } catch (thrown) {
    await stop();
    throw thrown;
  }
  return {
    origin: `${options.tls === undefined ? 'http' : 'https'}://localhost:${port}`,
    port,
    get workerdPid() {
      return runtime.workerdPid();
    },
    issueClaimCode: async (hosts) => await issueClaimCode(await directory(), hosts, systemClock, systemRandom),
    query: async <Row>(sql: string, ...values: unknown[]) => {
      const statement = (await directory()).prepare(sql).bind(...values);
      return (await statement.all<Row>()).results;
    },
    queryObject: async <Row>(className: string, home: string, sql: string) => {
      const storage = await miniflare.unsafeGetDurableObjectStorage(name, className, { name: home });
      return (await storage.exec(sql)) as Row[];
    },
    stop,
  };
}

async function freePort(): Promise<number> {
  return await new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      port: { type: 'string', default: '0' },
      data: { type: 'string' },
      hosts: { type: 'string' },
      'tls-key': { type: 'string' },
      'tls-cert': { type: 'string' },
      'dev-key-origins': { type: 'string' },
      'dns-resolver': { type: 'string' },
      'operator-key': { type: 'string' },
      bundle: { type: 'string' },
    },
  });
  const {
    data,
    hosts,
    'tls-key': key,
    'tls-cert': cert,
    'dev-key-origins': origins,
    'dns-resolver': resolver,
    'operator-key': operatorKey,
  } = values;
  if (data === undefined) throw new Error('Cannot start the edge: no folder is given for its data; add --data DIR.');
  const list = (text: string): string[] => text.split(',').filter((one) => one !== '');
  const edge = await startEdge({
    port: Number(values.port),
    dataDir: data,
    ...(key === undefined || cert === undefined
      ? {}
      : { tls: { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') } }),
    ...(origins === undefined ? {} : { devKeyOrigins: list(origins) }),
    ...(resolver === undefined ? {} : { dnsResolver: resolver }),
    ...(operatorKey === undefined ? {} : { operatorKey }),
    ...(values.bundle === undefined ? {} : { bundlePath: values.bundle }),
    onLost: (cause) => {
      report(`Cannot keep the edge running: ${causeOf(cause)}`);
      process.exit(1);
    },
  });
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    // Miniflare's own listener would end the process at once, with a code that says it was killed.
    process.removeAllListeners(signal);
    process.once(signal, () => void edge.stop().then(() => process.exit(0)));
  }
  const code = hosts === undefined ? {} : { code: await edge.issueClaimCode(list(hosts)) };
  const { origin, workerdPid } = edge;
  process.stdout.write(`${JSON.stringify({ origin, pid: process.pid, workerdPid, ...code })}\n`);
}

if (import.meta.main) {
  main().catch((thrown: unknown) => {
    report(causeOf(thrown));
    process.exit(1);
  });
}
