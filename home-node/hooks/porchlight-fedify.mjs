// Porchlight's hook for apps made with Fedify, and for Hollo. Either wrap what createFederation() gave,
//
//   import { judgedAtArrival } from '/path/to/porchlight-fedify.mjs';
//   const federation = judgedAtArrival(createFederation({ ... }));
//
// or load porchlight-hook.cjs before the app, which does the same. A request with a valid receipt of home is judged by the
// app's own signatureTimeWindow, at the time when it arrived instead of now. Nothing else changes.

import { AsyncLocalStorage } from 'node:async_hooks';
import { createHash } from 'node:crypto';
import receipts from './porchlight-receipt.cjs';

const { judgedHeader, lateArrival, say } = receipts;

/** Of the request that is being handled: { isAsked }. */
const arrivals = new AsyncLocalStorage();

/** Gives back the same federation, hooked, or left alone and logged when it is not of the shape known here. */
export function judgedAtArrival(federation) {
  try {
    if (hooked(federation)) {
      say('Fedify: late deliveries with a receipt are judged by their time of arrival.');
      return federation;
    }
  } catch {
    // It lets itself be changed in no way that is known here.
  }
  say('This Fedify is not of a shape that the hook knows: it is left alone, and late deliveries will be refused.');
  return federation;
}

/** false, or throws: it is as it was, in all that it does. */
function hooked(federation) {
  const own = Object.getOwnPropertyDescriptor(federation, 'signatureTimeWindow');
  const { fetch } = federation;
  if (own === undefined || own.configurable !== true || !('value' in own) || typeof fetch !== 'function') return false;
  let window = own.value;
  // Without the other change below this one does nothing.
  federation.fetch = async function judgedFetch(request, ...rest) {
    if (!(await isInTime(request, window))) return await fetch.call(this, request, ...rest);
    const arrival = { isAsked: false };
    const response = await arrivals.run(arrival, async () => await fetch.call(this, request, ...rest));
    return arrival.isAsked ? withHeader(response) : response;
  };
  Object.defineProperty(federation, 'signatureTimeWindow', {
    configurable: true,
    enumerable: own.enumerable,
    get() {
      const arrival = arrivals.getStore();
      if (arrival === undefined) return window;
      arrival.isAsked = true;
      return false;
    },
    set(value) {
      window = value;
    },
  });
  return true;
}

/** The app's answer, marked. One that can be marked in no way is given as it is: it is the app's, and only doctor misses it. */
function withHeader(response) {
  try {
    response.headers.set(...judgedHeader);
    return response;
  } catch {
    // Some may not be changed, as those that fetch() gave.
  }
  if (!(response instanceof Response)) return response;
  try {
    const { status, statusText } = response;
    const headers = new Headers(response.headers);
    headers.set(...judgedHeader);
    return new Response(response.body, { status, statusText, headers });
  } catch (thrown) {
    say(`The hook could not mark an answer, and gave it as it was: ${thrown?.message ?? thrown}`);
    return response;
  }
}

/** Does it carry a receipt, and was it in time by the app's window when it arrived? */
async function isInTime(request, window) {
  try {
    const windowMs = msOf(window);
    if (windowMs === null || request.method !== 'POST' || !request.headers.has('porchlight-receipt')) return false;
    const body = new Uint8Array(await request.clone().arrayBuffer());
    const url = new URL(request.url);
    const late = lateArrival({
      method: request.method,
      path: `${url.pathname}${url.search}`,
      host: request.headers.get('host') ?? url.host,
      get: (name) => request.headers.get(name),
      // Repeated lines are joined here, and no field that is read may hold a list.
      count: () => 1,
      bodySha256: createHash('sha256').update(body).digest('base64url'),
      by: ['cavage', 'rfc9421'],
    });
    if (late === null) return false;
    const { receivedAt, signedAt, expiresAt } = late;
    return signedAt.every((time) => Math.abs(receivedAt - time) <= windowMs) && (expiresAt ?? receivedAt) >= receivedAt;
  } catch (thrown) {
    say(`The hook failed, and the app judged without it: ${thrown?.message ?? thrown}`);
    return false;
  }
}

const unitMs = { days: 86_400_000, hours: 3_600_000, minutes: 60_000, seconds: 1_000, milliseconds: 1 };

/** Of Fedify's window: a Temporal.Duration or the like of it. null: there is none (false), or it is in other words. */
function msOf(window) {
  if (window === false || window === null || typeof window !== 'object') return null;
  if (typeof window.total === 'function') return window.total({ unit: 'milliseconds' });
  const names = Object.keys(window);
  if (names.length === 0 || names.some((name) => unitMs[name] === undefined)) return null;
  return names.reduce((sum, name) => sum + window[name] * unitMs[name], 0);
}
