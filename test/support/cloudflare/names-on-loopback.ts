// For `node --import`: a small internet on this machine. Names in the file that PORCHLIGHT_TEST_NAMES names lead to a port
// on loopback, all others lead nowhere; the program itself is as it is. The file may change while the program runs, as the
// DNS does.

import dns from 'node:dns';
import { readFileSync } from 'node:fs';
import tls, { type ConnectionOptions, type TLSSocket } from 'node:tls';

const file = process.env.PORCHLIGHT_TEST_NAMES ?? '';

function portOf(name: string): number | undefined {
  return (JSON.parse(readFileSync(file, 'utf8')) as Record<string, number>)[name];
}

function noSuchName(name: string): Error {
  return Object.assign(new Error(`no such name: ${name}`), { code: 'ENOTFOUND' });
}

const connect = tls.connect as (options: ConnectionOptions, ...rest: unknown[]) => TLSSocket;

tls.connect = ((options: ConnectionOptions, ...rest: unknown[]): TLSSocket => {
  const { host = '' } = options;
  if (host === 'localhost' || host === '127.0.0.1') return connect(options, ...rest);
  const port = portOf(host);
  if (port === undefined) throw noSuchName(host);
  return connect({ ...options, servername: host, host: '127.0.0.1', port }, ...rest);
}) as typeof tls.connect;

dns.promises.resolveNs = async (name) => await Promise.resolve([`ns.${name}`]);
dns.promises.resolve4 = (async () => await Promise.resolve(['127.0.0.1'])) as unknown as typeof dns.promises.resolve4;
dns.promises.Resolver.prototype.resolve = (async (name: string, type: string) => {
  if (portOf(name) === undefined || type !== 'A') throw await Promise.resolve(noSuchName(name));
  return ['127.0.0.1'];
}) as unknown as typeof dns.promises.resolve;
