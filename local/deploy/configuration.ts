// Wrangler's configuration of one deployment, made from wrangler.toml so that there is one list of bindings, with the
// digest by which an edge tells which build it is.

import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { tomlValues } from '../../shared/config/toml.ts';
import { bundleWorker } from '../edge-bundle.ts';

const root = join(import.meta.dirname, '..', '..');

type Table = Readonly<Record<string, unknown>>;

/** What does not change while one deployment runs. */
export interface Source {
  readonly name: string;
  /** The Worker, byte for byte what the local edge runs. */
  readonly bundle: string;
  /** wrangler.toml with the names of this deployment. */
  readonly table: Table;
  readonly database: { readonly name: string; readonly binding: string };
  readonly bucket: { readonly name: string; readonly binding: string };
  /** Durable Object bindings: name to class. */
  readonly objects: ReadonlyMap<string, string>;
  /** Files of the directory's migrations, in their order. */
  readonly migrations: readonly { readonly name: string; readonly sql: string }[];
}

export async function readSource(name: string): Promise<Source> {
  const table = tomlValues(readFileSync(join(root, 'wrangler.toml'), 'utf8'));
  const named = (text: unknown): string => String(text).replace(new RegExp(`^${String(table.name)}(?=-|$)`), name);
  const database = onlyOne(table, 'd1_databases');
  const bucket = onlyOne(table, 'r2_buckets');
  const migrationsFolder = join(root, String(database.migrations_dir));
  const objects = (table.durable_objects as { bindings: readonly Table[] }).bindings;
  return {
    name,
    bundle: await bundleWorker(join(root, String(table.main))),
    table: {
      ...table,
      name,
      d1_databases: [{ ...database, database_name: named(database.database_name) }],
      r2_buckets: [{ ...bucket, bucket_name: named(bucket.bucket_name) }],
    },
    database: { name: named(database.database_name), binding: String(database.binding) },
    bucket: { name: named(bucket.bucket_name), binding: String(bucket.binding) },
    objects: new Map(objects.map((object) => [String(object.name), String(object.class_name)])),
    migrations: readdirSync(migrationsFolder)
      .filter((file) => file.endsWith('.sql'))
      .sort()
      .map((file) => ({ name: file, sql: readFileSync(join(migrationsFolder, file), 'utf8') })),
  };
}

function onlyOne(table: Table, key: string): Table {
  const [first, ...more] = table[key] as readonly Table[];
  if (first !== undefined && more.length === 0) return first;
  throw new Error(`Cannot deploy: local/deploy/ knows one of ${key} in wrangler.toml; teach it more.`);
}

export interface Place {
  readonly hosts: readonly string[];
  readonly accountId: string | null;
  /** null: there is none yet. */
  readonly databaseId: string | null;
  /** Public half, as the Worker's variable has it. */
  readonly operatorKey: string;
}

export interface Configuration {
  /** For --config. */
  readonly path: string;
  readonly build: string;
}

/** Writes configuration and bundle into the folder. */
export function writeConfiguration(folder: string, source: Source, place: Place): Configuration {
  const { table } = source;
  const [database] = table.d1_databases as readonly [Table];
  const vars = { ...(table.vars as Table), OPERATOR_KEY: place.operatorKey };
  const worker = {
    ...table,
    main: 'worker.js',
    no_bundle: true,
    preview_urls: false,
    d1_databases: [
      {
        ...database,
        database_id: place.databaseId ?? database.database_id,
        migrations_dir: relative(folder, join(root, String(database.migrations_dir))),
      },
    ],
  };
  // Neither where the checkout lies nor the hosts are part of a build: a host is added without a new one.
  const { d1_databases: _, ...same } = worker;
  const parts = [source.bundle, same, vars, place.databaseId, source.migrations];
  const build = createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 32);
  const configuration = {
    ...worker,
    ...(place.accountId === null ? {} : { account_id: place.accountId }),
    routes: place.hosts.map((pattern) => ({ pattern, custom_domain: true })),
    vars: { ...vars, BUILD: build },
  };
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'worker.js'), source.bundle);
  const path = join(folder, 'wrangler.json');
  writeFileSync(path, `${JSON.stringify(configuration, null, 2)}\n`);
  return { path, build };
}
