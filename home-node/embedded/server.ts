// The loopback server of the embedded home: which request goes to the actor, which to the site, which is home's own.

import { createAdaptorServer, type HttpBindings } from '@hono/node-server';
import { Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { limits } from '../../shared/limits.ts';
import { isFederationPath } from './addresses.ts';
import { homePrefix } from './home-api.ts';
import type { InboundHandler } from './inbound.ts';
import type { SiteHandler } from './site/serve.ts';

export interface ServerParts {
  readonly federation: InboundHandler;
  readonly site: SiteHandler;
  readonly home: (request: Request) => Promise<Response>;
}

export function createServer({ federation, site, home }: ServerParts): ReturnType<typeof createAdaptorServer> {
  const app = new Hono<{ Bindings: HttpBindings }>();
  const bounded = bodyLimit({
    maxSize: limits.inboxBodyBytes,
    onError: (context) => context.text('The delivery is too large.\n', 413),
  });
  app.all(`${homePrefix}*`, bounded, async (context) => await home(context.req.raw));
  app.all('*', async (context, next) => {
    if (!isFederationPath(context.req.path)) return site(context);
    if (context.req.method !== 'POST') return await federation(context.env.incoming, new Uint8Array());
    return await bounded(context, next);
  });
  // Reached only by a POST whose body is not too large.
  app.post(
    '*',
    async (context) => await federation(context.env.incoming, new Uint8Array(await context.req.arrayBuffer())),
  );
  return createAdaptorServer({ fetch: app.fetch });
}
