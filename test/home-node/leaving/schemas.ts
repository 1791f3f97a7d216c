// Tables as each project's schema makes them, as far as home reads them: the columns that are asked for with their types and
// those that a wrong question could confuse them with. Where the tables come from: docs/compatibility.md, "Home's services".

import type { SoftwareKind } from '../../../shared/config/software.ts';

export interface Example {
  /** As created, and filled with one account here, one suspended or deleted here, and actors elsewhere. */
  readonly sql: string;
  readonly accounts: readonly string[];
  readonly actors: readonly string[];
  readonly blocks: readonly string[];
  /** Of what is below those, what is not blocked; absent: nothing. */
  readonly spared?: readonly string[];
  /** `keyId` of keys, in their order; null: it keeps none. */
  readonly keys: readonly string[] | null;
}

const near = 'https://near.example/users/bea';
const far = 'https://far.example/users/carl';

/** `pem` is put in for each key. */
export const examples = (
  pem: string,
): Readonly<Record<SoftwareKind | 'mastodon-4.5' | 'lemmy-0.19' | 'peertube-8', Example>> => {
  const mastodonTables = `
    CREATE TABLE accounts (id bigint PRIMARY KEY, username varchar NOT NULL DEFAULT '', domain varchar, private_key text,
      public_key text NOT NULL DEFAULT '', uri varchar, suspended_at timestamp, actor_type varchar);
    CREATE TABLE account_deletion_requests (id bigserial PRIMARY KEY, account_id bigint);
    CREATE TABLE domain_allows (id bigserial PRIMARY KEY, domain varchar NOT NULL DEFAULT '');
    INSERT INTO domain_allows (domain) VALUES ('near.example');
    CREATE TABLE account_stats (id bigserial PRIMARY KEY, account_id bigint NOT NULL, last_status_at timestamp);
    CREATE TABLE domain_blocks (id bigserial PRIMARY KEY, domain varchar NOT NULL DEFAULT '', severity integer DEFAULT 0);
    INSERT INTO domain_blocks (domain, severity) VALUES ('Bad.Example', 1), ('loud.example', 0), ('noop.example', 2),
      ('Quiet.bad.example', 0), ('known.bad.example', 2);
    INSERT INTO accounts VALUES (-99, 'home.example', NULL, 'k', 'p', '', NULL, 'Application'),
      (1, 'anna', NULL, 'k', 'p', '', NULL, NULL), (2, 'gone', NULL, NULL, '', '', now(), NULL),
      (6, 'paused', NULL, 'k', 'p', '', now(), NULL),
      (3, 'bea', 'near.example', NULL, '${pem}', '${near}', NULL, 'Person'),
      (4, 'carl', 'far.example', NULL, '${pem}', '${far}', NULL, 'Person'),
      (5, 'spam', 'bad.example', NULL, '${pem}', 'https://bad.example/users/spam', now(), 'Person');
    INSERT INTO account_deletion_requests (account_id) VALUES (6);
    INSERT INTO account_stats (account_id, last_status_at) VALUES (3, '2026-11-01'), (4, '2026-11-20');`;
  const mastodonActors = [near, far, 'https://bad.example/users/spam'];
  const mastodon: Example = {
    sql: `${mastodonTables}
      CREATE TABLE keypairs (id bigserial PRIMARY KEY, account_id bigint NOT NULL, uri varchar, type integer NOT NULL,
        public_key varchar NOT NULL, private_key varchar, revoked boolean NOT NULL DEFAULT false, expires_at timestamp);
      INSERT INTO keypairs (account_id, uri, type, public_key, revoked, expires_at) VALUES
        (4, '${far}#ed25519', 1, '${pem}', false, NULL), (4, '${far}#old', 0, '${pem}', true, NULL),
        (3, '${near}#past', 0, '${pem}', false, '2020-01-01'), (3, '${near}#pq', 2, '${pem}', false, NULL),
        (1, NULL, 0, '${pem}', false, NULL);`,
    accounts: ['home.example', 'anna', 'paused'],
    actors: mastodonActors,
    blocks: ['bad.example'],
    spared: ['quiet.bad.example', 'known.bad.example'],
    keys: [`${far}#ed25519`, `${far}#main-key`, `${near}#main-key`],
  };
  const lemmyTables = (id: string): string => `
    CREATE TABLE instance (id serial PRIMARY KEY, domain varchar(255) NOT NULL);
    CREATE TABLE local_site (id serial PRIMARY KEY, federation_enabled bool NOT NULL DEFAULT true);
    INSERT INTO local_site DEFAULT VALUES;
    CREATE TABLE federation_allowlist (instance_id int PRIMARY KEY, published_at timestamptz DEFAULT now());
    CREATE TABLE federation_blocklist (instance_id int PRIMARY KEY, published_at timestamptz DEFAULT now());
    INSERT INTO instance (domain) VALUES ('near.example'), ('bad.example');
    INSERT INTO federation_blocklist (instance_id) VALUES (2);
    CREATE TABLE person (id serial PRIMARY KEY, name varchar(255) NOT NULL, ${id} varchar(255) NOT NULL, local bool NOT NULL,
      public_key text NOT NULL, deleted bool NOT NULL DEFAULT false, last_refreshed_at timestamptz NOT NULL);
    CREATE TABLE community (LIKE person INCLUDING ALL, removed bool NOT NULL DEFAULT false);
    CREATE TABLE site (id serial PRIMARY KEY, ${id} varchar(255) NOT NULL);
    INSERT INTO person (name, ${id}, local, public_key, deleted, last_refreshed_at) VALUES
      ('anna', 'https://home.example/u/anna', true, 'p', false, now()), ('gone', 'https://home.example/u/gone', true, 'p', true, now()),
      ('bea', '${near}', false, '${pem}', false, '2026-11-01');
    INSERT INTO community (name, ${id}, local, public_key, last_refreshed_at, removed) VALUES
      ('garden', 'https://home.example/c/garden', true, 'p', now(), false),
      ('ugly', 'https://home.example/c/ugly', true, 'p', now(), true),
      ('seeds', 'https://far.example/c/seeds', false, '${pem}', '2026-11-20', false);
    INSERT INTO site (${id}) VALUES ('https://near.example/');`;
  const lemmy = (id: string): Example => ({
    sql: lemmyTables(id),
    accounts: ['anna', 'garden'],
    actors: [near, 'https://far.example/c/seeds', 'https://near.example/'],
    blocks: ['bad.example'],
    spared: ['*.bad.example'],
    keys: ['https://far.example/c/seeds#main-key', `${near}#main-key`],
  });
  const peertube = (joined: readonly [actor: string, account: string, fill: string]): Example => ({
    sql: `
      CREATE TABLE server (id serial PRIMARY KEY, host varchar NOT NULL);
      CREATE TABLE actor (id serial PRIMARY KEY, "preferredUsername" varchar NOT NULL, url varchar NOT NULL,
        "publicKey" varchar, "serverId" int, "updatedAt" timestamptz NOT NULL${joined[0]});
      CREATE TABLE account (id serial PRIMARY KEY, name varchar NOT NULL${joined[1]});
      CREATE TABLE "serverBlocklist" (id serial PRIMARY KEY, "accountId" int NOT NULL, "targetServerId" int NOT NULL);
      INSERT INTO server (host) VALUES ('near.example'), ('far.example'), ('bad.example'), ('muted.example');
      INSERT INTO actor (id, "preferredUsername", url, "publicKey", "serverId", "updatedAt") VALUES
        (1, 'peertube', 'https://home.example/accounts/peertube', 'p', NULL, now()),
        (2, 'anna', 'https://home.example/accounts/anna', 'p', NULL, now()),
        (3, 'films', 'https://home.example/video-channels/films', 'p', NULL, now()),
        (4, 'bea', '${near}', '${pem}', 1, '2026-11-01'), (5, 'carl', '${far}', '${pem}', 2, '2026-11-20');
      ${joined[2]}
      INSERT INTO "serverBlocklist" ("accountId", "targetServerId") VALUES (1, 3), (2, 4);`,
    accounts: ['peertube', 'anna', 'films'],
    actors: [near, far],
    blocks: ['bad.example'],
    spared: ['*.bad.example'],
    keys: [`${far}#main-key`, `${near}#main-key`],
  });
  return {
    mastodon,
    'mastodon-4.5': {
      ...mastodon,
      sql: mastodonTables,
      keys: [`${far}#main-key`, `${near}#main-key`],
    },
    gotosocial: {
      sql: `
        CREATE TABLE accounts (id char(26) PRIMARY KEY, username text NOT NULL, domain text, uri text NOT NULL UNIQUE,
          public_key jsonb NOT NULL, public_key_uri text NOT NULL UNIQUE, fetched_at timestamptz, suspended_at timestamptz);
        CREATE TABLE domain_blocks (id char(26) PRIMARY KEY, domain text NOT NULL);
        CREATE TABLE domain_allows (id char(26) PRIMARY KEY, domain text NOT NULL);
        INSERT INTO domain_allows VALUES ('1', 'near.example');
        INSERT INTO domain_blocks VALUES ('1', 'bad.example');
        ${gotosocialRows}`,
      accounts: ['home.example', 'anna'],
      actors: [near, far],
      blocks: ['bad.example'],
      keys: [`${far}/main-key`, `${near}/main-key`],
    },
    peertube: peertube([
      '',
      ', "actorId" int NOT NULL',
      `INSERT INTO account (id, name, "actorId") VALUES (1, 'peertube', 1), (2, 'anna', 2);`,
    ]),
    'peertube-8': peertube([
      ', "accountId" int',
      '',
      `INSERT INTO account (id, name) VALUES (1, 'peertube'), (2, 'anna'); UPDATE actor SET "accountId" = id WHERE id < 3;`,
    ]),
    misskey: {
      sql: `
        CREATE TABLE "user" (id varchar(32) PRIMARY KEY, username varchar(128) NOT NULL, host varchar(128), uri varchar(512),
          "isSuspended" boolean NOT NULL DEFAULT false, "isDeleted" boolean NOT NULL DEFAULT false, "lastFetchedAt" timestamptz);
        CREATE TABLE user_publickey ("userId" varchar(32) PRIMARY KEY, "keyId" varchar(256) NOT NULL, "keyPem" varchar(4096) NOT NULL);
        CREATE TABLE meta (id varchar(32) PRIMARY KEY, "blockedHosts" varchar(1024)[] NOT NULL DEFAULT '{}',
          federation varchar(128) NOT NULL DEFAULT 'all', "federationHosts" varchar(1024)[] NOT NULL DEFAULT '{}');
        INSERT INTO meta (id, "blockedHosts") VALUES ('x', '{bad.example,worse.example}');
        INSERT INTO "user" VALUES ('1', 'anna', NULL, NULL, false, false, NULL), ('2', 'out', NULL, NULL, true, false, NULL),
          ('3', 'bea', 'near.example', '${near}', false, false, '2026-11-01'),
          ('4', 'carl', 'far.example', '${far}', false, false, '2026-11-20');
        INSERT INTO user_publickey VALUES ('1', 'https://home.example/users/1#main-key', '${pem}'), ('3', '${near}#main-key', '${pem}'),
          ('4', '${far}#main-key', '${pem}');`,
      accounts: ['anna'],
      actors: [near, far],
      blocks: ['bad.example', 'worse.example'],
      keys: [`${far}#main-key`, `${near}#main-key`],
    },
    pixelfed: {
      sql: pixelfedTables(pem, 'bigserial'),
      accounts: ['anna'],
      actors: [near, far],
      blocks: ['bad.example'],
      spared: ['*.bad.example'],
      keys: [`${far}#main-key`, `${near}#main-key`],
    },
    hollo: {
      sql: `
        CREATE TABLE accounts (id uuid PRIMARY KEY, iri text NOT NULL UNIQUE, handle text NOT NULL UNIQUE);
        CREATE TABLE account_owners (id uuid PRIMARY KEY REFERENCES accounts (id), handle text NOT NULL UNIQUE);
        INSERT INTO accounts VALUES ('00000000-0000-0000-0000-000000000001', 'https://home.example/@anna', '@anna@home.example'),
          ('00000000-0000-0000-0000-000000000002', '${near}', '@bea@near.example');
        INSERT INTO account_owners VALUES ('00000000-0000-0000-0000-000000000001', 'anna');`,
      accounts: ['anna'],
      actors: [near],
      blocks: [],
      keys: null,
    },
    lemmy: lemmy('ap_id'),
    'lemmy-0.19': lemmy('actor_id'),
  };
};

/** Words that PostgreSQL and MySQL both understand; `id`: a number that counts up. */
const pixelfedTables = (pem: string, id: string): string => `
        CREATE TABLE profiles (id ${id} PRIMARY KEY, domain varchar(255), username varchar(255), status varchar(255),
          private_key text, public_key text, remote_url varchar(255), key_id varchar(255), last_fetched_at timestamp);
        CREATE TABLE instances (id ${id} PRIMARY KEY, domain varchar(255) NOT NULL, unlisted boolean NOT NULL DEFAULT false,
          banned boolean NOT NULL DEFAULT false);
        INSERT INTO instances (domain, unlisted, banned) VALUES ('bad.example', false, true), ('loud.example', true, false);
        INSERT INTO profiles (domain, username, status, public_key, remote_url, key_id, last_fetched_at) VALUES
          (NULL, 'anna', NULL, 'p', NULL, NULL, NULL), (NULL, 'gone', 'delete', 'p', NULL, NULL, NULL),
          ('near.example', '@bea@near.example', NULL, '${pem}', '${near}', '${near}#main-key', '2026-11-01'),
          ('far.example', '@carl@far.example', NULL, '${pem}', '${far}', '${far}#main-key', '2026-11-20');`;

export const pixelfedInMysql = (pem: string): string => pixelfedTables(pem, 'bigint AUTO_INCREMENT');

/** A key as Go writes it into JSON; of 2048 bits. */
export const goKey = `{"N": ${(2n ** 2047n + 12_345n).toString()}, "E": 65537}`;

/** The same in PostgreSQL and SQLite. */
const gotosocialRows = `
  INSERT INTO accounts VALUES ('0', 'home.example', NULL, 'https://home.example/users/home.example', '${goKey}', 'https://home.example/users/home.example/main-key', NULL, NULL),
    ('1', 'anna', NULL, 'https://home.example/users/anna', '${goKey}', 'https://home.example/users/anna/main-key', NULL, NULL),
    ('2', 'out', NULL, 'https://home.example/users/out', '${goKey}', 'https://home.example/users/out/main-key', NULL, '2026-01-01'),
    ('3', 'bea', 'near.example', '${near}', '${goKey}', '${near}/main-key', '2026-11-01', NULL),
    ('4', 'carl', 'far.example', '${far}', '${goKey}', '${far}/main-key', '2026-11-20', NULL);`;

export const gotosocialInSqlite = `
  CREATE TABLE accounts (id CHAR(26) PRIMARY KEY, username VARCHAR NOT NULL, domain VARCHAR, uri VARCHAR NOT NULL UNIQUE,
    public_key VARCHAR NOT NULL, public_key_uri VARCHAR NOT NULL UNIQUE, fetched_at TIMESTAMPTZ, suspended_at TIMESTAMPTZ);
  CREATE TABLE domain_blocks (id CHAR(26) PRIMARY KEY, domain VARCHAR NOT NULL);
  INSERT INTO domain_blocks VALUES ('1', 'bad.example');
  ${gotosocialRows}`;
