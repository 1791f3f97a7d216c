// Which request goes where: a table, read from above. Each handler either answers or hands on to the next line.

import { type Context, Hono, type Next } from 'hono';
import type { GoesBy } from '../shared/config/goes-by.ts';
import { causeOf } from '../shared/errors.ts';
import { isOwnPath } from '../shared/own-path.ts';
import { answerEdgeActor, edgeActorPaths } from './activitypub/edge-actor.ts';
import { type ActivityPubPorts, answerActivityPub } from './activitypub/routes.ts';
import type { HomeRecord } from './home/directory.ts';
import { type HomeRoutesParts, homeRoutes } from './home/routes.ts';
import { type VisitParts, visit } from './home/visit.ts';
import { isHandedOver } from './http/handed-over.ts';
import { problem } from './http/problem.ts';
import { unsettled } from './http/unsettled.ts';
import { urlOf } from './http/url-of.ts';
import { say } from './log.ts';
import { statusJsonPath, statusPath } from './pages/status.ts';
import type { Spool } from './spool/spool.ts';
import { answerStatus, type StatusRoutesParts } from './status/routes.ts';
import { webFingerPath } from './webfinger/routes.ts';
import { askServices, type ServicesParts } from './webfinger/services.ts';
import { answerWellKnown, type WellKnownTable } from './well-known/table.ts';

export interface Parts extends HomeRoutesParts, VisitParts, StatusRoutesParts, ServicesParts {
  /** What is answered at fixed paths from what home left. */
  readonly wellKnown: WellKnownTable;
  readonly activityPub: ActivityPubPorts;
  readonly spoolOf: (homeId: string) => Spool;
  /** Public key of a home's edge actor, in PEM. */
  readonly edgeKeyPem: (homeId: string) => Promise<string>;
}

/** Seconds until a home that was just claimed has surely said what it takes. */
const notReadySeconds = 60;

/** Seconds after which a sender may try again when something failed that nobody foresaw. */
const notTakenSeconds = 60;

type Addressed = { Variables: { home: HomeRecord; said: GoesBy } };

export function router(parts: Parts): Hono<Addressed> {
  const { directory, clock } = parts;

  /** Host → home. A stranger learns nothing about hosts that are not here, or that home's owner left out. */
  const findHome = async (context: Context<Addressed>, next: Next): Promise<Response | undefined> => {
    const { host } = urlOf(context.req.raw);
    const home = await directory.homeOf(host);
    const said = home === null ? null : await parts.said.of(home);
    if (home === null || said?.hosts.includes(host) !== true) {
      // 421 is final for senders: only where nobody ever meant to take anything for this host.
      const isToCome = isHandedOver(context.req) && (home !== null || (await directory.isMeant(host)));
      return isToCome ? unsettled() : problem(421, 'unknown-host');
    }
    context.set('home', home);
    context.set('said', said);
    return await handOn(next);
  };

  /** WebFinger, NodeInfo, host-meta: from what home left; what it did not say of an account, its services are asked for. */
  const wellKnown = async (context: Context<Addressed>, next: Next): Promise<Response | undefined> => {
    const { snapshot } = context.get('said');
    const request = context.req.raw;
    const answer = snapshot === null ? null : answerWellKnown(parts.wellKnown, request, snapshot, clock.now());
    if (answer !== null || context.req.path !== webFingerPath) return answer ?? (await handOn(next));
    return await askServices(parts, context.get('home'), context.get('said'), request);
  };

  /** Deliveries to inboxes, and actors that home left. Before its first snapshot nobody knows what is a delivery. */
  const activityPub = async (context: Context<Addressed>, next: Next): Promise<Response | undefined> => {
    const { homeId } = context.get('home');
    const { snapshot } = context.get('said');
    if (snapshot === null) {
      return isHandedOver(context.req)
        ? problem(503, 'not-ready', { retryAfterSeconds: notReadySeconds })
        : await handOn(next);
    }
    const home = { homeId, snapshot, spool: parts.spoolOf(homeId) };
    return (await answerActivityPub(parts.activityPub, home, context.req.raw)) ?? (await handOn(next));
  };

  /** How home is doing, for anybody. */
  const status = (context: Context<Addressed>): Promise<Response> =>
    answerStatus(parts, context.get('home'), context.get('said'), context.req.raw);

  /** The edge's own actor at each host of a home. */
  const edgeActor = async (context: Context<Addressed>): Promise<Response> => {
    const { homeId } = context.get('home');
    return await answerEdgeActor(context.req.raw, async () => await parts.edgeKeyPem(homeId));
  };

  const table = new Hono<Addressed>({ strict: true });
  table.all(statusPath, findHome, status);
  table.all(statusJsonPath, findHome, status);
  for (const path of edgeActorPaths) table.all(path, findHome, edgeActor);
  table.route('/.porchlight', homeRoutes(parts));
  table.use('*', keepOwn);
  table.use('*', findHome);
  for (const path of parts.wellKnown.keys()) table.all(path, wellKnown);
  table.all('*', activityPub);
  table.all('*', (context) => visit(parts, context.get('home'), context.req.raw));
  table.onError((thrown, context) => {
    const { method, path } = context.req;
    say('error', 'unhandled', { method, path, cause: causeOf(thrown) });
    // What was to be handed over is not lost by our failing: a sender that is told so comes again.
    const isToCome = isHandedOver(context.req) && !isOwnPath(path);
    return isToCome ? problem(503, 'not-taken', { retryAfterSeconds: notTakenSeconds }) : problem(500, 'internal');
  });
  return table;
}

/** What is the edge's own in another spelling is nobody else's. */
async function keepOwn(context: Context<Addressed>, next: Next): Promise<Response | undefined> {
  // Most addresses hold neither its name nor anything that may be it encoded: they need not be taken apart.
  if (!/porchlight|%/i.test(context.req.url)) return await handOn(next);
  return isOwnPath(new URL(context.req.url).pathname) ? problem(404, 'no-such-call') : await handOn(next);
}

async function handOn(next: Next): Promise<undefined> {
  await next();
}
