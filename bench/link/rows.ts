// What is measured of everybody, by name and unit.

import type { Row } from '../sheet.ts';

const perSecond = (figure: string): Row => ({ figure, unit: '/s' });
const ms = (figure: string): Row => ({ figure, unit: 'ms' });
const rate = (figure: string): Row => ({ figure, unit: 'MB/s' });
const seconds = (figure: string): Row => ({ figure, unit: 's' });

/** Connections over which small requests come. */
export const smallConnections = [1, 32, 256] as const;

export type SmallConnections = (typeof smallConnections)[number];

const small = (connections: SmallConnections) => {
  const over = `over ${connections} connection${connections === 1 ? '' : 's'}`;
  return {
    perSecond: perSecond(`1 KiB requests ${over}`),
    p50: ms(`1 KiB ${over}, p50`),
    p99: ms(`1 KiB ${over}, p99`),
  };
};

export const rows = {
  small: { 1: small(1), 32: small(32), 256: small(256) },
  download: rate('download of 256 MiB'),
  upload: rate('upload of 256 MiB'),
  cpuPer10k: seconds('home CPU for 10,000 requests over 32'),
  cpuPerGiBDown: seconds('home CPU for 1 GiB down'),
  cpuPerGiBUp: seconds('home CPU for 1 GiB up'),
} as const;
