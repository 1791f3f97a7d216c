// What the owner decided, as the home node uses it: porchlight.toml read and judged, every default filled in.
// shared/config/schema.ts says what each setting is for.

import type { AccountLink, SignatureKind } from '../snapshot.ts';
import { softwareKinds } from './software.ts';

export const logLevels = ['error', 'warn', 'info', 'debug'] as const;
export type LogLevel = (typeof logLevels)[number];

export const logFormats = ['text', 'json'] as const;
export type LogFormat = (typeof logFormats)[number];

export const serviceKinds = ['embedded', 'activitypub', ...softwareKinds] as const;
export type ServiceKind = (typeof serviceKinds)[number];

export const driverKinds = ['process', 'external'] as const;
export type DriverKind = (typeof driverKinds)[number];

/** The order in which signatures are named to owners. */
export const signatureKinds: readonly SignatureKind[] = ['cavage', 'rfc9421'];

export type ServiceConfig = EmbeddedServiceConfig | ActivityPubServiceConfig;

interface AnyServiceConfig {
  readonly name: string;
  readonly hosts: readonly string[];
  /** What its people have after the `@`; null: as the service itself says. */
  readonly accountDomain: string | null;
  /** Path that answers with success while the service is well; null: any answer below 500, at /, says so. */
  readonly health: string | null;
  /** Deliveries before the service at the same moment, each of another sender. */
  readonly drainParallel: number;
  /** It answers ActivityPub questions only to who signs them, and not to every server. */
  readonly authorizedFetch: boolean;
  /** Deliveries per second after waking; null: as fast as the service takes them. */
  readonly drainPerSecond: number | null;
}

/** The site and single-person actor that Porchlight brings along; the home node runs it. */
export interface EmbeddedServiceConfig extends AnyServiceConfig {
  readonly kind: 'embedded';
  readonly driver: 'process';
}

/** An ActivityPub server of the owner's. */
export interface ActivityPubServiceConfig extends AnyServiceConfig {
  readonly kind: Exclude<ServiceKind, 'embedded'>;
  /** Who runs it: the home node, by `command`, or somebody else. */
  readonly driver: DriverKind;
  /** Program and arguments; null when somebody else runs it. */
  readonly command: readonly string[] | null;
  /** Origin of the application server itself, not of a proxy before it. */
  readonly url: string;
  /** It may be on another machine of the owner's network than the home node. */
  readonly otherMachine: boolean;
  readonly inboxes: readonly string[];
  readonly signatures: readonly SignatureKind[];
  /** Where home reads what the server leaves: a PostgreSQL URL, which may hold a password, or a file. null: nowhere. */
  readonly database: string | null;
  /** While it is away its inboxes answer "not now" instead of taking deliveries for it. */
  readonly defer: boolean;
  /** It federates with the domains of a list only: those that its database has, and these. */
  readonly limitedFederation: boolean;
  readonly allowedDomains: readonly string[];
  /** What arrived longer ago gets no receipt. */
  readonly receiptDays: number;
}

export interface AlertsConfig {
  /** Program and arguments that are run for an alert; null: alerts are in the log alone. */
  readonly command: readonly string[] | null;
  /** Share of the spool that is in use, 0 to 1. */
  readonly spoolShare: number;
  readonly linkLostMinutes: number;
  readonly keyDays: number;
  readonly snapshotHours: number;
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
  /** Names that the edge is to answer for, of those that were claimed. */
  readonly hosts: readonly string[];
  readonly statusPage: boolean;
  readonly services: readonly ServiceConfig[];
  /** Added to what WebFinger says of accounts. */
  readonly links: readonly AccountLink[];
  readonly alerts: AlertsConfig;
  /** Loopback address of the figures; null: nowhere. */
  readonly metrics: { readonly listen: { readonly host: string; readonly port: number } | null };
  readonly log: { readonly format: LogFormat; readonly level: LogLevel };
  readonly site: { readonly warmPages: number };
  /** Development: peers may have private addresses. */
  readonly allowPrivateAddresses: boolean;
}

/** Every name that a home with these services can be found by. */
export function ownHosts(
  domain: string,
  services: readonly { readonly hosts: readonly string[] }[],
): readonly string[] {
  return [...new Set([domain, ...services.flatMap(({ hosts }) => hosts)])];
}
