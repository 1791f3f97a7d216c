// Every setting of porchlight.toml, once: read by parse.ts, printed by describe.ts and starter.ts. docs/configuration.md
// is made from it.

import { isInboxPath } from '../inbox-path.ts';
import { limits } from '../limits.ts';
import type { SignatureKind } from '../snapshot.ts';
import { isEdgeOrigin, isHostName, isLanguage, isText, loopbackAddressOf, textsThat } from './accept.ts';
import { alertSettings, year } from './alert-settings.ts';
import { driverKinds, logFormats, logLevels, serviceKinds, signatureKinds } from './home-config.ts';
import { linkSettings } from './link-settings.ts';
import { serviceOrigin, suggestedAddress } from './service-address.ts';
import {
  allowedDomainsSetting,
  authorizedFetchSetting,
  databaseSetting,
  deferSetting,
  forActivityPub,
  isActivityPub,
  limitedFederationSetting,
} from './service-settings.ts';
import { choice, command, flag, type Known, number, type Settings, setting } from './setting.ts';
import { kindMeantBy, softwareOf } from './software.ts';

const withinTheEdge = 'owner, within what the edge’s operator allows';

const aHost = ({ allowPrivateAddresses }: Known): string =>
  `a host name in lower case, ${allowPrivateAddresses ? 'with its port if any' : 'without port'}`;
const isHost = (text: string, known: Known): boolean => isHostName(text, known.allowPrivateAddresses);
const text =
  (fits: (text: string, known: Known) => boolean) =>
  (value: unknown, known: Known): string | undefined =>
    isText(value) && fits(value, known) ? value : undefined;

const notEmbedded = {
  says: 'every service but `kind = "embedded"`, whose people have the domain',
  when: ({ kind }: Known) => kind !== 'embedded',
};
const started = (known: Known): boolean => isActivityPub(known) && known.driver === 'process';

const top = {
  domain: setting('text', {
    purpose: 'The name that your people have after the `@`, and where the home is found.',
    danger: 'Changed, you are somebody else to all others: whoever followed you follows nobody.',
    wanted: aHost,
    accept: text(isHost),
    fallback: (): string | undefined => undefined,
    otherwise: 'none: it must be there',
    changedBy: withinTheEdge,
    example: ({ domain }) => domain,
  }),
  edge: setting('text', {
    purpose: 'Origin of the edge that answers while this home sleeps. A claim holds for one edge.',
    danger:
      'Home’s calls go there: at a wrong one it is let in by nobody, and nothing arrives. Over plain HTTP whoever is on the way could read and change them.',
    wanted: 'an origin: https://host (http only on loopback)',
    accept: text(isEdgeOrigin),
    fallback: ({ domain }) => `https://${domain}`,
    otherwise: '`https://` and the domain',
    example: ({ domain }) => `https://${domain}`,
  }),
  admin: setting('text', {
    purpose: 'How to reach whoever runs this home.',
    danger: 'None here: it is for whoever helps you, and is told to nobody by itself.',
    wanted: 'an e-mail address or URL',
    accept: text((value) => value.trim() !== ''),
    fallback: (): string | null => null,
    otherwise: 'nobody is named',
    example: ({ domain }) => `you@${domain}`,
  }),
  language: setting('text', {
    purpose: 'Language of the site and of the pages that the edge shows by itself, as BCP 47 names it.',
    danger:
      'A wrong one has screen readers read in the wrong voice, and strangers get the edge’s pages in a language that the site is not in.',
    wanted: 'a language tag such as en or pt-BR',
    accept: text(isLanguage),
    fallback: () => 'en',
    otherwise: '`en`',
    toldToEdge: true,
    takesEffect: 'at once',
    example: 'en',
  }),
  title: setting('text', {
    purpose:
      'The site’s name, on the pages that the edge shows by itself and on those of the embedded home (there after a restart).',
    danger: 'None but confusion: a page that says "asleep" does not say whose.',
    wanted: 'a text',
    accept: text((value) => value.trim() !== ''),
    fallback: ({ domain }) => domain,
    otherwise: 'the domain',
    toldToEdge: true,
    takesEffect: 'at once',
    example: ({ domain }) => domain,
  }),
  handle: setting('text', {
    purpose: 'Your name before the `@`, for the embedded home.',
    danger: 'Changed after somebody followed you, you are somebody else to them.',
    wanted: 'letters, digits and _',
    accept: text((value) => /^\w{1,64}$/.test(value)),
    fallback: () => 'owner',
    otherwise: '`owner`',
    example: 'owner',
  }),
  hosts: setting('list of texts', {
    purpose: 'The names that the edge answers for. Leave one out, and the edge says that no such host is here.',
    danger: 'What is posted to a name that is left out is refused for good, and others may take its accounts for gone.',
    wanted: (known) => `hosts of your services, each ${aHost(known)}`,
    accept: (value, known): readonly string[] | undefined => textsThat(value, (host) => isHost(host, known)),
    // parse.ts fills in what the services say.
    fallback: (): readonly string[] => [],
    otherwise: 'the domain and all hosts of all services',
    changedBy: withinTheEdge,
    toldToEdge: true,
    takesEffect: 'at once',
    example: ({ domain }) => [domain],
  }),
  status_page: flag(true, {
    purpose: 'Whether the edge shows strangers a page that says how this home is.',
    danger: 'With it everybody sees when home is awake, which may tell when you are there.',
    otherwise: '`true`',
    toldToEdge: true,
    takesEffect: 'at once',
  }),
};

const services = {
  name: setting('text', {
    purpose:
      'Your own name for the service; deliveries that wait at the edge carry it. The embedded home’s folder is called so.',
    danger: 'Renamed, it gets nothing of what waits at the edge under its old name until a service is called so again.',
    wanted: 'small letters, digits and -',
    accept: text((value) => /^[a-z0-9][a-z0-9-]{0,62}$/.test(value)),
    fallback: (): string | undefined => undefined,
    otherwise: 'none: it must be there',
    toldToEdge: true,
    example: ({ kind }) => (kind === 'embedded' ? 'home' : 'social'),
  }),
  kind: choice(serviceKinds, {
    purpose:
      'What it is: the site and actor that come with Porchlight (`embedded`), a server that Porchlight knows by name, or any other ActivityPub server of yours (`activitypub`). Of one that it knows, address, inboxes, signatures and pace have defaults, and its refusals are told in words.',
    suggest: (value) => {
      const meant = isText(value) ? kindMeantBy(value) : null;
      return meant === null ? null : `kind = "${meant}"`;
    },
    danger: 'Of a wrong one the edge keeps and answers what it should not.',
    fallback: () => undefined,
    otherwise: 'none: it must be there',
    toldToEdge: true,
    example: ({ kind }) => kind ?? 'embedded',
  }),
  driver: setting('text', {
    purpose: 'Who runs it: `process`, the home node starts and watches it; `external`, something else does.',
    danger:
      'With `process` beside something else that starts it there are two on one database; with `external` alone there is none.',
    wanted: ({ kind }) =>
      kind === 'embedded' ? 'process: the embedded home is run by the home node' : 'process or external',
    accept: (value, { kind }) =>
      kind === 'embedded' && value === 'external' ? undefined : driverKinds.find((one) => one === value),
    fallback: ({ kind }) => (kind === 'embedded' ? ('process' as const) : ('external' as const)),
    otherwise: '`process` for `kind = "embedded"`, `external` for every other',
    choices: driverKinds,
    example: ({ kind, driver }) => driver ?? (kind === 'embedded' ? 'process' : 'external'),
  }),
  command: command({
    purpose: 'The program that the home node starts, and its arguments.',
    danger: 'It runs with the home node’s rights, at each waking: whoever can write it can do whatever home can.',
    fallback: (known) => (started(known) ? undefined : null),
    otherwise: 'none: it must be there when `driver = "process"`',
    appliesTo: { says: 'every kind but `embedded`, with `driver = "process"`', when: started },
    example: ['/opt/social/bin/server', '--port', '3000'],
  }),
  hosts: setting('list of texts', {
    purpose: 'The names that the service answers for. Each must have been claimed at the edge.',
    danger:
      'Guards names against each other: at a name that stands at no service visitors get an error and deliveries are refused.',
    wanted: (known) => `hosts, each ${aHost(known)}`,
    accept: (value, known): readonly string[] | undefined => textsThat(value, (host) => isHost(host, known)),
    fallback: ({ domain }) => [domain],
    otherwise: 'the domain',
    changedBy: withinTheEdge,
    toldToEdge: true,
    example: (known) => [isActivityPub(known) ? `social.${known.domain}` : known.domain],
  }),
  account_domain: setting('text', {
    purpose:
      'What people of the service have after the `@`, where it is another name than the service’s own. WebFinger then says so at every host of this home.',
    danger:
      'The server must be set to the same (Mastodon’s LOCAL_DOMAIN, GoToSocial’s account-domain) or know nothing of it. Changed after somebody followed you, you are somebody else to them.',
    wanted: aHost,
    accept: text(isHost),
    fallback: (): string | null => null,
    otherwise: 'as the server itself says',
    appliesTo: notEmbedded,
    toldToEdge: true,
    takesEffect: 'at once',
    example: ({ domain }) => domain,
  }),
  url: setting('text', {
    purpose: 'Origin of the server itself on this machine, not of a proxy before it.',
    danger:
      'Whatever strangers ask for is handed there: at a wrong address they speak to something that was never meant for them.',
    wanted: ({ otherMachine }) =>
      otherMachine
        ? 'the origin of the server on your own network, as http://192.168.1.20:3000 or http://nas.local:3000'
        : 'the origin of the server on this machine, as http://127.0.0.1:3000 (elsewhere in your network: other_machine)',
    accept: (value, { otherMachine }) => serviceOrigin(value, otherMachine),
    suggest: (value, { otherMachine }) => suggestedAddress(value, otherMachine),
    fallback: ({ kind }): string | undefined => softwareOf(kind)?.url,
    otherwise: 'where a server of its kind listens by itself; for `kind = "activitypub"` none: it must be there',
    appliesTo: forActivityPub,
    example: 'http://127.0.0.1:3000',
  }),
  other_machine: flag(false, {
    purpose:
      'Whether the server may be on another machine of your own network, or in a container with an address of its own. Addresses of the Internet are refused either way.',
    danger:
      'Whoever is on that network can then read and change what passes between home and the server, passwords of your people too, and ask the server without the edge.',
    otherwise: '`false`: the server is on this machine, at a loopback address',
    appliesTo: forActivityPub,
  }),
  inboxes: setting('list of texts', {
    purpose:
      'Paths at which others deliver; `{name}`, once in a path, stands for the name of any account. What is posted there is kept at the edge; all else is carried to the server.',
    danger:
      'Guards deliveries: what is posted to an inbox that is not named is carried while home is up, and not kept while it sleeps.',
    wanted: 'paths of its inboxes, as ["/inbox", "/users/{name}/inbox"]',
    accept: (value): readonly string[] | undefined => textsThat(value, isInboxPath),
    fallback: ({ kind }): readonly string[] | undefined => softwareOf(kind)?.inboxes,
    otherwise: 'those of its kind; for `kind = "activitypub"` none: it must be there',
    appliesTo: forActivityPub,
    example: ['/inbox', '/users/{name}/inbox'],
  }),
  signatures: setting('list of texts', {
    purpose: 'The signatures that the server can verify. The edge accepts nothing else, so that nothing comes in vain.',
    danger:
      'Guards the spool: of more than the server knows, what it will refuse waits all night; of less, peers are refused that it would take.',
    wanted: `what it can verify, of ${signatureKinds.join(', ')}`,
    accept: (value): readonly SignatureKind[] | undefined =>
      textsThat(value, (one) => signatureKinds.some((kind) => kind === one)) as readonly SignatureKind[] | undefined,
    fallback: ({ kind }): readonly SignatureKind[] => softwareOf(kind)?.signatures ?? ['cavage'],
    otherwise: 'what the newest of its kind knows; for `kind = "activitypub"` `["cavage"]`',
    appliesTo: forActivityPub,
    toldToEdge: true,
    example: ['cavage'],
  }),
  database: databaseSetting,
  defer: deferSetting,
  authorized_fetch: authorizedFetchSetting,
  limited_federation: limitedFederationSetting,
  allowed_domains: allowedDomainsSetting,
  health: setting('text', {
    purpose: 'Path that the server answers with success (below 400) while it is well, and otherwise while it is not.',
    danger: 'At a path that fails though all is well, the service counts as down and the edge answers for it.',
    wanted: 'a path that begins with /',
    accept: text((value) => /^\/[\x21-\x7e]*$/.test(value)),
    fallback: ({ kind }): string | null => softwareOf(kind)?.health ?? null,
    otherwise:
      'that of its kind, if all versions have one; otherwise none: it is well as long as it answers at all, at `/`, with any status below 500',
    example: '/health',
  }),
  drain_parallel: number([1, limits.deliverParallel], true, {
    purpose: 'Deliveries that the service works on at once.',
    danger: 'Guards a small machine against its own morning: too many at once, and it stands still.',
    unit: 'deliveries',
    fallback: ({ kind }) => softwareOf(kind)?.parallel ?? limits.deliverParallel,
    otherwise: `what a server of its kind bears; otherwise \`${limits.deliverParallel}\``,
    example: limits.deliverParallel,
  }),
  drain_per_second: number([0.1, 1_000], false, {
    purpose: 'Pace at which the service gets what came while home slept.',
    danger: 'Guards the service against a whole night at once; too slow, and the morning takes all day.',
    unit: 'deliveries per second',
    fallback: ({ kind }): number | null => softwareOf(kind)?.perSecond ?? null,
    otherwise:
      'what a server of its kind takes without refusing any (GoToSocial: `1` from each address of a sender); otherwise as fast as the service takes them',
    example: 20,
  }),
  receipt_days: number([1, year], true, {
    purpose:
      'For how long home vouches for the arrival of a delivery, so that a server with its hook takes it late (porchlight hook). With more than 30, set PORCHLIGHT_RECEIPT_MAX_DAYS for the server too.',
    danger:
      'Guards against old requests: whoever holds the edge could bring what it held back for as long as this; too few days, and what came in a longer absence is refused by the server.',
    unit: 'days',
    fallback: () => limits.receiptDays,
    otherwise: `\`${limits.receiptDays}\``,
    appliesTo: forActivityPub,
    example: limits.receiptDays,
  }),
};

const metrics = {
  listen: setting('text', {
    purpose: 'Loopback address at which the home node tells its figures to a collector on this machine.',
    danger:
      'Every program on this machine may ask there, and learns how much arrives. Other addresses are refused: the whole network could ask.',
    wanted: '"off", or an address on loopback as 127.0.0.1:9469',
    accept: (value) => (value === 'off' ? null : isText(value) ? loopbackAddressOf(value) : undefined),
    fallback: () => null,
    otherwise: '`off`',
    example: 'off',
  }),
};

const log = {
  format: choice(logFormats, {
    purpose: 'Lines for people, or one JSON object a line for programs.',
    danger: 'None: both say the same.',
    fallback: () => 'text',
    otherwise: '`text`',
    example: 'text',
  }),
  level: choice(logLevels, {
    purpose: 'How much is said. `--log` on the command line goes before it.',
    danger: 'At `error` a link that fails is not seen; at `debug` the disk of a small machine fills sooner.',
    fallback: () => 'info',
    otherwise: '`info`',
    takesEffect: 'at once',
    example: 'info',
  }),
};

const site = {
  warm_pages: number([0, limits.sitePages], true, {
    purpose: 'Pages that home has the edge copy before it sleeps.',
    danger: 'Guards bedtime against a night of warming; with few, visitors of the night find fewer pages.',
    unit: 'pages',
    fallback: () => limits.sitePages,
    otherwise: `\`${limits.sitePages}\``,
    takesEffect: 'at once',
    example: limits.sitePages,
  }),
};

const development = {
  allow_private_addresses: flag(false, {
    purpose: 'For trying things on one machine: peers may have private addresses, names may have ports.',
    danger:
      'Guards your own network: with it, strangers can have home ask addresses that only your house should reach.',
    otherwise: '`false`',
  }),
};

export const schema = {
  top,
  services,
  links: linkSettings,
  alerts: alertSettings,
  metrics,
  log,
  site,
  development,
} satisfies Record<string, Settings>;

export type SectionName = keyof typeof schema;

export interface Section {
  readonly name: SectionName;
  /** Before a key, as `services[].`. */
  readonly path: string;
  /** As it is written in the file; null for what stands before all headers. */
  readonly header: string | null;
  readonly purpose: string;
}

export const sections: readonly Section[] = [
  { name: 'top', path: '', header: null, purpose: 'At the top of the file, before any header.' },
  {
    name: 'services',
    path: 'services[].',
    header: '[[services]]',
    purpose:
      'One for each service of this home. Without any there is one: the embedded home, `name = "home"`, at the domain.',
  },
  {
    name: 'links',
    path: 'links[].',
    header: '[[links]]',
    purpose: 'One for each link that WebFinger shall say of accounts beside what their services say: OpenID, Matrix.',
  },
  { name: 'alerts', path: 'alerts.', header: '[alerts]', purpose: 'What you want to be told of.' },
  { name: 'metrics', path: 'metrics.', header: '[metrics]', purpose: 'Figures for a collector.' },
  { name: 'log', path: 'log.', header: '[log]', purpose: 'What the home node says on standard error.' },
  { name: 'site', path: 'site.', header: '[site]', purpose: 'Copies of your pages at the edge.' },
  { name: 'development', path: 'development.', header: '[development]', purpose: 'For a domain on one machine alone.' },
];
