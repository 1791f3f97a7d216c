// What judges who may read, on an Internet of tests.

import { ArrivalRates } from '../../../../edge/activitypub/arrival-rates.ts';
import type { AdmitPorts } from '../../../../edge/activitypub/authorized-fetch/admit.ts';
import { ActorNames } from '../../../../edge/activitypub/authorized-fetch/names.ts';
import type { NamesMemory, NamesRecord } from '../../../../edge/activitypub/authorized-fetch/names-memory.ts';
import { dnsOverHttps } from '../../../../edge/http/resolve.ts';
import type { Clock } from '../../../../shared/clock.ts';
import { type Internet, resolverUrl } from '../../http/internet.ts';
import { keysOn } from '../peer.ts';

/** Nobody is told to wait longer than needed. */
const zeroes = { bytes: (count: number) => new Uint8Array(count) };

export function admitting(internet: Internet, clock: Clock): AdmitPorts {
  const questionRates = new ArrivalRates();
  return { keys: keysOn(internet, clock), names: namesOn(internet, clock), questionRates, clock, random: zeroes };
}

export function namesOn(internet: Internet, clock: Clock): ActorNames {
  return new ActorNames({
    fetch: {
      fetcher: internet.fetcher,
      resolver: dnsOverHttps(resolverUrl, internet.fetcher),
      isOwnHost: async (host) => host === 'home.example',
      devOrigins: new Set(),
    },
    memory: emptyNames(),
    clock,
    deadline: () => new AbortController().signal,
    sign: async () => new Uint8Array(256),
  });
}

function emptyNames(): NamesMemory {
  const records = new Map<string, NamesRecord>();
  return {
    get: async (homeId, actor) => records.get(`${homeId} ${actor}`) ?? null,
    put: async (homeId, actor, record) => {
      records.set(`${homeId} ${actor}`, record);
    },
  };
}
