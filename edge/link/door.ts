// Where home dials in: GET /.porchlight/v1/link?home=<homeId>, upgraded to a WebSocket that the home's Link object
// holds. Nobody is believed here; the object asks for the proof.

import { problem } from '../http/problem.ts';

export const linkPath = '/.porchlight/v1/link';

/** Home ids as a claim makes them. A name that no home can have must not call an object into being. */
const homeIdForm = /^[\w-]{1,64}$/;

export async function openLink(
  links: { idFromName(name: string): DurableObjectId; get(id: DurableObjectId): Pick<Fetcher, 'fetch'> },
  request: Request,
): Promise<Response> {
  if (request.method !== 'GET') return problem(405, 'method', { allow: ['GET'] });
  if (request.headers.get('upgrade')?.toLowerCase() !== 'websocket') return problem(426, 'not-a-websocket');
  const homeId = new URL(request.url).searchParams.get('home') ?? '';
  if (!homeIdForm.test(homeId)) return problem(400, 'home-id-malformed');
  return await links.get(links.idFromName(homeId)).fetch(request);
}
