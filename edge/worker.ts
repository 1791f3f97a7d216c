// The door: what the platform calls. No logic here; wiring.ts makes the parts, router.ts chooses among them.

import type { Env } from './env.ts';
import { edgeOf } from './wiring.ts';

export { LinkObject } from './link/object.ts';
export { SpoolObject } from './spool/object.ts';

export default {
  fetch: (request: Request, env: Env): Response | Promise<Response> => edgeOf(env).fetch(request),
};
