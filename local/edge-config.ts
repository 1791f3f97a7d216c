// wrangler.toml as Miniflare's options, so that what runs here and what is deployed have one list of bindings.
// Wrangler can translate too, but loading it takes a second; this reads the few tables that Porchlight uses and
// refuses any other, so that the two can never differ in silence.

import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { MiniflareOptions } from 'miniflare';
import { tomlValues } from '../shared/config/toml.ts';

type TomlTable = Readonly<Record<string, unknown>>;

export type WorkerConfig = MiniflareOptions['workers'][number]['config'];

export interface EdgeConfig {
  readonly name: string;
  /** Path of the Worker's entry. */
  readonly main: string;
  readonly compatibilityDate: string;
  readonly compatibilityFlags: string[];
  readonly database: { readonly binding: string; readonly migrations: string };
  readonly env: NonNullable<WorkerConfig['env']>;
  readonly exports: NonNullable<WorkerConfig['exports']>;
}

const understood = new Set([
  'name',
  'main',
  'compatibility_date',
  'compatibility_flags',
  'workers_dev',
  'durable_objects',
  'migrations',
  'd1_databases',
  'r2_buckets',
  'vars',
]);

/** `vars` replaces variables of the file by name. */
export function readEdgeConfig(path: string, vars: Readonly<Record<string, string>>): EdgeConfig {
  const file = tomlValues(readFileSync(path, 'utf8'));
  const unknown = Object.keys(file).filter((key) => !understood.has(key));
  if (unknown.length > 0) {
    throw new Error(
      `Cannot start the edge: ${path} has ${unknown.join(', ')}, which local/edge-config.ts cannot read.`,
    );
  }
  const name = text(file, 'name');
  const objects = tables((file.durable_objects as TomlTable | undefined) ?? {}, 'bindings');
  const databases = tables(file, 'd1_databases');
  const buckets = tables(file, 'r2_buckets');
  const database = databases[0];
  if (database === undefined) throw new Error(`Cannot start the edge: ${path} names no D1 database.`);
  const env: EdgeConfig['env'] = {};
  const exports: EdgeConfig['exports'] = {};
  for (const object of objects) {
    const className = text(object, 'class_name');
    env[text(object, 'name')] = { type: 'durable-object', worker: name, exportName: className };
    exports[className] = { type: 'durable-object', storage: 'sqlite' };
  }
  for (const one of databases) env[text(one, 'binding')] = { type: 'd1', id: text(one, 'database_id') };
  for (const one of buckets) env[text(one, 'binding')] = { type: 'r2', name: text(one, 'bucket_name') };
  for (const [variable, value] of Object.entries({ ...((file.vars as TomlTable | undefined) ?? {}), ...vars })) {
    env[variable] = { type: 'text', value: String(value) };
  }
  const migrations = join(dirname(path), text(database, 'migrations_dir'));
  return {
    name,
    main: join(dirname(path), text(file, 'main')),
    compatibilityDate: text(file, 'compatibility_date'),
    compatibilityFlags: ((file.compatibility_flags as unknown[] | undefined) ?? []).map(String),
    database: { binding: text(database, 'binding'), migrations },
    env,
    exports,
  };
}

function text(table: TomlTable, key: string): string {
  const value = table[key];
  if (typeof value === 'string') return value;
  throw new Error(`Cannot start the edge: wrangler.toml lacks the text ${key}.`);
}

function tables(table: TomlTable, key: string): readonly TomlTable[] {
  return (table[key] as TomlTable[] | undefined) ?? [];
}
