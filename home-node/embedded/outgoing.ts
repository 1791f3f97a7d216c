// Guards what the embedded home asks of the world: a stranger's actor may name any address as its key, inbox or
// context, and home must not be led to the machines beside it, kept waiting, or filled up. It stands under every fetch
// of this process, so redirects and names that change their address between two look-ups meet it too.

import { type LookupAddress, lookup } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import { isValidPublicIPv4Address, isValidPublicIPv6Address } from '@fedify/fedify';
import buildConnector from 'undici/lib/core/connect.js';
import { setGlobalDispatcher } from 'undici/lib/global.js';
import { PorchlightError } from '../../shared/errors.ts';
import { limits } from '../../shared/limits.ts';
import { Agent } from '../http-connections.ts';

/** Unless `allowPrivateAddresses`, connections reach public addresses only. */
export function guardOutgoing(allowPrivateAddresses: boolean): void {
  const connect = buildConnector({
    timeout: limits.keyFetchMs,
    lookup: allowPrivateAddresses ? lookup : lookupPublic,
  });
  setGlobalDispatcher(
    new Agent({
      headersTimeout: 2 * limits.keyFetchMs,
      bodyTimeout: limits.keyFetchMs,
      maxResponseSize: limits.keyBytes,
      connect: (options, callback) => {
        // An address that stands in the URL itself is never looked up.
        const literal = options.hostname.replace(/^\[|\]$/g, '');
        if (!allowPrivateAddresses && isIP(literal) !== 0 && !isPublic(literal)) callback(notPublic(literal), null);
        else connect(options, callback);
      },
    }),
  );
}

/** dns.lookup that fails when any of a name's addresses is not public. */
const lookupPublic: LookupFunction = (hostname, options, callback) => {
  lookup(hostname, options, (error, found: string | LookupAddress[], family) => {
    if (error !== null) {
      callback(error, found, family);
      return;
    }
    const addresses = typeof found === 'string' ? [found] : found.map(({ address }) => address);
    if (addresses.every(isPublic)) callback(null, found, family);
    else callback(notPublic(hostname), found, family);
  });
};

function isPublic(address: string): boolean {
  switch (isIP(address)) {
    case 4:
      return isValidPublicIPv4Address(address);
    case 6:
      return isValidPublicIPv6Address(address);
    default:
      return false;
  }
}

function notPublic(host: string): PorchlightError {
  return new PorchlightError(
    'address-not-public',
    `Cannot connect to ${host}: it is not a public address; only a development home may reach it.`,
  );
}
