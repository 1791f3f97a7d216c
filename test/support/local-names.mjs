// Loaded before a program by --import: names below localhost are this machine, whatever its resolver knows of them, and
// also for a program that asks name servers by itself.

import dns from 'node:dns';

const { lookup } = dns;
dns.lookup = (name, ...rest) => lookup(name.endsWith('.localhost') ? 'localhost' : name, ...rest);

const { prototype } = dns.promises.Resolver;
const { resolve4, resolve6 } = prototype;
const isLocal = (name) => name === 'localhost' || name.endsWith('.localhost');

prototype.resolve4 = async function local4(name, options) {
  if (!isLocal(name)) return await resolve4.call(this, name, options);
  return [options?.ttl === true ? { address: '127.0.0.1', ttl: 60 } : '127.0.0.1'];
};
prototype.resolve6 = async function local6(name, options) {
  if (!isLocal(name)) return await resolve6.call(this, name, options);
  throw Object.assign(new Error(`queryAaaa ENODATA ${name}`), { code: 'ENODATA' });
};
