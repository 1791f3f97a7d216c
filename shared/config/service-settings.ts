// Settings of services that are about one kind of software more than about another: which settings are for servers of the
// owner's at all, where home reads what they leave, and what is done for those that judge a delivery by its age alone.

import { isText, textsThat } from './accept.ts';
import { flag, type Known, setting } from './setting.ts';
import { softwareOf } from './software.ts';

export function isActivityPub({ kind }: Known): boolean {
  return kind !== null && kind !== 'embedded';
}

export const forActivityPub = { says: 'every kind but `embedded`', when: isActivityPub };

const postgresUrl = /^postgres(ql)?:\/\/\S+$/;
const mysqlUrl = /^mysql:\/\/\S+$/;

export const databaseSetting = setting<string | null>('text', {
  purpose:
    'The server’s own database, of which home reads, and only reads, what it leaves at the edge: names of accounts, the actors that the server knows, blocked domains and keys of peers; of GoToSocial also which posts are for all, and the key of its own actor, by which home asks it for them and which stays here. Leave a password out of it where you can: a socket (`postgresql:///mastodon_production?host=/var/run/postgresql`), or `~/.pgpass`. GoToSocial’s may be the path of its SQLite file, Pixelfed’s a MySQL or MariaDB (`mysql://…`).',
  danger:
    'Without it the edge cannot tell who is unknown: of deletions it keeps for home those whose keys can be had, also of strangers, and forgets those of actors whose keys are gone and of whom no delivery ever came; and names are answered for only while home is up. A password in it stands in porchlight.toml and in its backups: the file must be readable by you alone, and a role that may only read is enough.',
  wanted: ({ kind }) =>
    ({
      'postgres or sqlite':
        'a PostgreSQL URL, as postgresql://user@127.0.0.1/gotosocial, or the path of its SQLite file, as /opt/gotosocial/sqlite.db',
      'postgres or mysql':
        'the URL of a MySQL or MariaDB, as mysql://user:password@127.0.0.1/pixelfed, or of a PostgreSQL, as postgresql://user@127.0.0.1/pixelfed',
      postgres: 'a PostgreSQL URL, as postgresql://user@127.0.0.1/mastodon_production',
    })[softwareOf(kind)?.database ?? 'postgres'],
  accept: (value, { kind }) => {
    if (!isText(value)) return undefined;
    if (postgresUrl.test(value) && URL.canParse(value)) return value;
    const other = softwareOf(kind)?.database;
    if (other === 'postgres or mysql' && mysqlUrl.test(value) && URL.canParse(value)) return value;
    return other === 'postgres or sqlite' && value.startsWith('/') ? value : undefined;
  },
  fallback: () => null,
  otherwise: 'none: only what the running server tells strangers is left at the edge',
  appliesTo: {
    says: 'kinds that Porchlight knows by name',
    when: ({ kind }) => (softwareOf(kind)?.database ?? null) !== null,
  },
  quiet: true,
  example: 'postgresql:///mastodon_production?host=/var/run/postgresql',
});

export const deferSetting = flag(false, {
  purpose:
    'Whether the server’s inboxes answer "not now, come again" (503) while it is away, instead of taking deliveries for it. For software that refuses what was signed long ago and takes no receipt (docs/compatibility.md, "What cannot be widened").',
  danger:
    'Mastodon, Misskey, Lemmy, newer Pleroma and Fedify come again for a day or more, with a fresh signature. GoToSocial gives up within minutes, PeerTube, Pixelfed and relays at once: what they send while the server is away is lost to it.',
  otherwise:
    '`false`: deliveries are kept at the edge, and what the server then refuses as too old becomes a dead letter',
  appliesTo: forActivityPub,
});

/** Kinds of software that never answer a question without a signature. */
const signedQuestionKinds: readonly string[] = ['gotosocial'];

export const authorizedFetchSetting = setting('true or false', {
  purpose:
    'Whether the server shows actors and posts only to servers that sign their questions (GoToSocial always; Mastodon in secure mode). While it is away the edge then asks for a signature too, and shows nothing to domains that the server blocks.',
  danger:
    'Guards what the server keeps from those it blocks. False for a server that wants signatures: peers find nobody there at night. True without a list of its blocks: the same.',
  wanted: 'true or false',
  accept: (value) => (typeof value === 'boolean' ? value : undefined),
  fallback: ({ kind }) => kind !== null && signedQuestionKinds.includes(kind),
  otherwise: '`true` for software that answers nobody else, `false` for all other',
  appliesTo: forActivityPub,
  toldToEdge: true,
  example: false,
});

export const limitedFederationSetting = flag(false, {
  purpose:
    'Whether the server federates only with the domains of a list (Mastodon’s `LIMITED_FEDERATION_MODE`, GoToSocial’s `instance-federation-mode: allowlist`, Pleroma’s `accept`). While it is away the edge then answers nobody else from copies. The list is read from the database where the software keeps it there, and is `allowed_domains` besides. Lemmy and Misskey say so by their database themselves.',
  danger:
    'Guards what the server shows to its list alone. False for a server that has one: at night whoever signs and is not blocked is shown the copies. True without a list: nobody is. True without `database`: whom the server blocks is not known, so that of `allowed_domains` those alone count that are spelt in full.',
  otherwise: '`false`: it federates with whoever it does not block; `true` where `allowed_domains` has any',
  appliesTo: forActivityPub,
});

export const allowedDomainsSetting = setting('list of texts', {
  purpose:
    'Domains that a server of limited federation has to do with, besides those that its database names; `*.` before one stands for all that is below it, but for what the server blocks, and therefore counts only with `database`.',
  danger:
    'Guards what the server shows to its list alone: whoever is in it is shown the copies at night. Without `database`, so is who is spelt in full here and blocked by the server: do not name them.',
  wanted: 'domains in small letters, as ["friends.example", "*.friends.example"]',
  accept: (value) => textsThat(value, (one) => /^(\*\.)?(?=.{1,253}$)[a-z0-9_-]+(\.[a-z0-9_-]+)*$/.test(one)),
  fallback: (): readonly string[] => [],
  otherwise: 'none',
  appliesTo: forActivityPub,
  example: ['friends.example'],
});
