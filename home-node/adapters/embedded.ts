// The embedded home as a service among others: deliveries go to it with a receipt, and what it leaves at the edge is
// asked of it on loopback, most of it as any stranger would ask.

import { acceptances } from '../../shared/acceptance/profiles.ts';
import { PorchlightError } from '../../shared/errors.ts';
import type { ActorKey, PublicDocument, WebFingerAccount } from '../../shared/snapshot.ts';
import { ask, type Dispatcher } from '../http-connections.ts';
import { receiptHeadersFor } from '../receipts/receipt-headers.ts';
import type { Issuer } from '../receipts/service-receipts.ts';
import { type Adapter, type Greeter, type Leavings, outcomeByStatus } from './adapter.ts';

export interface EmbeddedParts {
  readonly receipts: Issuer;
  /** For home's own questions to it (receipts/receipts.ts). */
  readonly token: string;
}

export function embeddedAdapter({ receipts, token }: EmbeddedParts): Adapter {
  return {
    kind: 'embedded',
    signatures: ['cavage', 'rfc9421'],
    accepts: acceptances.embedded,
    knowsPages: true,
    deduplicatesBy: 'activity id',
    greeter: greeterWith(token),
    headersFor: async (delivery) => await Promise.resolve(receiptHeadersFor(receipts, delivery)),
    outcomeOf: outcomeByStatus,
    leavings: async (base, signal) => await askForLeavings(base, signal, token),
  };
}

/** As home-node/embedded/home-api.ts says, "greetings". */
function greeterWith(token: string): Greeter {
  const path = '/.porchlight/greetings';
  const headers = { authorization: `Bearer ${token}` };
  const refused = (status: number, cure: string): PorchlightError =>
    new PorchlightError(
      'embedded-greetings',
      `Cannot have peers greeted: the embedded home answered ${status}; ${cure}.`,
    );
  return {
    peers: async (base, most, signal) => {
      const { statusCode, body } = await ask(new URL(`${path}?most=${most}`, base), { headers, signal });
      if (statusCode === 200) return ((await body.json()) as { peers: readonly string[] }).peers;
      await body.dump();
      throw refused(statusCode, 'look into its log');
    },
    greet: async (base, peer, signal) => {
      const asked = { method: 'POST', headers, body: JSON.stringify({ peer }), signal } as const;
      const { statusCode, body } = await ask(new URL(path, base), asked);
      await body.dump();
      if (statusCode !== 202) throw refused(statusCode, 'it may have lost that follower meanwhile');
    },
  };
}

/** What home-node/embedded/home-api.ts answers. */
interface Answer {
  readonly host: string;
  readonly resource: string;
  readonly inboxes: readonly string[];
  readonly documents: readonly string[];
  readonly knownActors: readonly string[];
  /** Absent: an embedded home of an earlier version. */
  readonly actorKeys?: readonly ActorKey[];
  readonly pages: readonly string[];
  readonly gone: readonly string[];
}

/** Throws unless it is answered with success. */
type Get = (path: string, headers?: Readonly<Record<string, string>>) => Promise<Dispatcher.ResponseData>;

const activityJson = 'application/activity+json';

async function askForLeavings(base: URL, signal: AbortSignal, token: string): Promise<Leavings> {
  const get: Get = async (path, headers = {}) => {
    const answer = await ask(new URL(path, base), { headers, signal });
    if (answer.statusCode >= 200 && answer.statusCode < 300) return answer;
    await answer.body.dump();
    throw new PorchlightError(
      'embedded-leavings',
      `Cannot read what the embedded home leaves: ${path} answered ${answer.statusCode}; look into its log.`,
    );
  };
  const own = (await (await get('/.porchlight/leavings', { authorization: `Bearer ${token}` })).body.json()) as Answer;
  const { host, resource, inboxes, knownActors, actorKeys = [], pages, gone } = own;
  const documents: PublicDocument[] = [];
  for (const path of own.documents) {
    const answer = await get(path, { accept: activityJson });
    const contentType = String(answer.headers['content-type'] ?? activityJson);
    documents.push({ host, path, contentType, body: await answer.body.text() });
  }
  const account = await get(`/.well-known/webfinger?resource=${encodeURIComponent(resource)}`);
  const accounts = [(await account.body.json()) as WebFingerAccount];
  return { inboxes, accounts, nodeinfo: await nodeinfo(get), documents, knownActors, actorKeys, pages, gone };
}

/** NodeInfo 2.1, section "Discovery": the well-known document names the other. */
async function nodeinfo(get: Get): Promise<Record<string, unknown>> {
  const { links } = (await (await get('/.well-known/nodeinfo')).body.json()) as {
    links: { rel: string; href: string }[];
  };
  const link = links.find(({ rel }) => rel === 'http://nodeinfo.diaspora.software/ns/schema/2.1');
  if (link === undefined) {
    throw new PorchlightError(
      'embedded-leavings',
      'Cannot read what the embedded home leaves: it names no nodeinfo 2.1; update it together with the home node.',
    );
  }
  // At the public origin, which is this service.
  return (await (await get(new URL(link.href).pathname)).body.json()) as Record<string, unknown>;
}
