// What is measured of everybody, by name and unit, in the order of the table. Visitors come by HTTPS where nothing else
// is said.

import type { Row } from '../sheet.ts';

const perSecond = (figure: string): Row => ({ figure, unit: '/s' });
const ms = (figure: string): Row => ({ figure, unit: 'ms' });
const rate = (figure: string): Row => ({ figure, unit: 'MB/s' });
const seconds = (figure: string): Row => ({ figure, unit: 's' });
const times = (figure: string): Row => ({ figure, unit: '× idle' });
const mb = (figure: string): Row => ({ figure, unit: 'MB' });

/** Connections over which small requests come. */
export const smallConnections = [1, 32, 256] as const;

export type SmallConnections = (typeof smallConnections)[number];

const small = (connections: SmallConnections) => ({
  perSecond: perSecond(`1 KiB over ${connections}`),
  p50: ms(`1 KiB over ${connections}, p50`),
  p99: ms(`1 KiB over ${connections}, p99`),
});

export const rows = {
  small: { 1: small(1), 32: small(32), 256: small(256) },
  download: rate('download of 256 MiB'),
  download8: rate('8 at once, total'),
  upload: rate('upload of 256 MiB'),
  upload8: rate('8 uploads at once, total'),
  besidePaced: times('1 KiB p50 beside 4 × 25 MB/s'),
  beside: times('1 KiB p50 beside 4 downloads'),
  events: ms('SSE delay, p50'),
  webSocket: perSecond('WebSocket round trips'),
  webSocket32: perSecond('WebSocket round trips over 32'),
  plainSmall: perSecond('1 KiB over 32, no TLS to visitors'),
  plainDownload: rate('download, no TLS to visitors'),
  plainUpload: rate('upload, no TLS to visitors'),
  cpuPer10k: seconds('home CPU for 10,000 over 32'),
  cpuPerGiBDown: seconds('home CPU for 1 GiB down'),
  cpuPerGiBUp: seconds('home CPU for 1 GiB up'),
  homeRest: mb('home memory at rest'),
  homePeak: mb('home memory, peak'),
  edgeRest: mb('edge memory at rest'),
  edgePeak: mb('edge memory, peak'),
} as const;

const { small: smallRows, ...otherRows } = rows;

export const order: readonly Row[] = [
  ...Object.values(smallRows).flatMap((one) => Object.values(one)),
  ...Object.values(otherRows),
];
