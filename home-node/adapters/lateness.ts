// Whether a service refuses a delivery for its age, and what its owner is told then. Pure: it needs no guess, because only
// times that the signature covers count, here as at the edge (shared/signature/require.ts), and the service's window is
// known.

import type { Delivery } from '../../shared/delivery.ts';
import { readSignature } from '../../shared/signature/read.ts';
import { isRefused } from '../../shared/signature/refused.ts';
import type { SignedRequest } from '../../shared/signature/request.ts';
import { signedTimes } from '../../shared/signature/require.ts';
import type { Traits } from './adapter.ts';

/** Clocks of a home and of its service are the same one; this is for the time that an answer takes. */
const leewayMs = 2_000;
/** GoToSocial and others bear this much (httpsig, verifying.go). */
const expiresLeewayMs = 10_000;

/** Why the service refuses it at `now` (ms since the epoch), for an owner; null: age is no reason. */
export function latenessOf({ title, window, minds, hook }: Traits, delivery: Delivery, now: number): string | null {
  const times = timesOf(delivery);
  if (times === null) return null;
  const { signedAt, expiresAt } = times;
  if (minds === 'expires' && expiresAt !== null && now > expiresAt + expiresLeewayMs) {
    return `its signature expired ${ago(now - expiresAt)} before it came here, and ${title} refuses it then${cure(hook, title, delivery)}`;
  }
  if (window === null || window === 'unknown' || signedAt === null) return null;
  if (now - signedAt > window.pastMs - leewayMs) {
    return `it was signed ${ago(now - signedAt)} before it came here, and ${title} refuses what is older than ${ago(window.pastMs)}${cure(hook, title, delivery)}`;
  }
  if (signedAt - now > window.futureMs) {
    return `by this machine's clock it was signed in the future (${ago(signedAt - now)}), and ${title} bears no more than ${ago(window.futureMs)}; set the clock and retry it`;
  }
  return null;
}

function cure(hook: string | null, title: string, { service }: Delivery): string {
  return hook === null
    ? `; nothing makes ${title} judge it by when it arrived: \`defer = true\` for this service has senders come again instead`
    : `: its receipt hook is not in place; \`porchlight hook show ${service}\` says how to install it, and then this delivery can be retried`;
}

interface SignedTimes {
  /** The oldest; null: none is covered. */
  readonly signedAt: number | null;
  readonly expiresAt: number | null;
}

/** null: its signature cannot be read, which is what the service says of it too. */
function timesOf({ method, host, path, headers }: Delivery): SignedTimes | null {
  const request: SignedRequest = { method, scheme: 'https', host, path, headers };
  try {
    const signature = readSignature(request);
    const times = signedTimes(request, signature);
    const signedAt = times.length === 0 ? null : Math.min(...times);
    return { signedAt, expiresAt: signature.expires === null ? null : signature.expires * 1000 };
  } catch (thrown) {
    if (isRefused(thrown)) return null;
    throw thrown;
  }
}

/** "16 hours", "65 minutes", "2 seconds". */
function ago(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds < 120) return `${seconds} seconds`;
  const minutes = Math.round(seconds / 60);
  return minutes <= 120 ? `${minutes} minutes` : `${Math.round(minutes / 60)} hours`;
}
