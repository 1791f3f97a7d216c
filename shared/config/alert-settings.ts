// The [alerts] of porchlight.toml.

import { command, number } from './setting.ts';

/** Days. */
export const year = 365;

export const alertSettings = {
  command: command({
    purpose: 'Program that is run when something needs you.',
    danger:
      'It runs with the home node’s rights: whoever can write it can do whatever home can. Without any, only who looks learns what is wrong.',
    fallback: () => null,
    otherwise: 'none: alerts are in the log alone',
    takesEffect: 'at once',
    example: ['/usr/local/bin/tell-me'],
  }),
  spool_share: number([0, 1], false, {
    purpose: 'Tell when the spool at the edge is this full.',
    danger:
      'Guards what others send: beyond a full spool new deliveries are refused for the time being, and some senders never try again.',
    unit: 'share, 0 to 1',
    fallback: () => 0.8,
    otherwise: '`0.8`',
    takesEffect: 'at once',
    example: 0.8,
  }),
  link_lost_minutes: number([1, 7 * 24 * 60], false, {
    purpose: 'Tell when the link to the edge is lost for this long though home is awake.',
    danger:
      'Guards against an absence that nobody planned: too short, and every restart of a router is told; too long, and strangers wait.',
    unit: 'minutes',
    fallback: () => 30,
    otherwise: '`30`',
    takesEffect: 'at once',
    example: 30,
  }),
  key_days: number([1, 100 * year], false, {
    purpose: 'Tell when home’s key is this old.',
    danger: 'Guards against a key that somebody copied long ago.',
    unit: 'days',
    fallback: () => 2 * year,
    otherwise: `\`${2 * year}\``,
    takesEffect: 'at once',
    example: 2 * year,
  }),
  snapshot_hours: number([1, year * 24], false, {
    purpose: 'Tell when what strangers are answered with at the edge is this old.',
    danger: 'Guards strangers against answers that are no longer true.',
    unit: 'hours',
    fallback: () => 36,
    otherwise: '`36`',
    takesEffect: 'at once',
    example: 36,
  }),
};
