// Loaded before a program by --import: names below localhost are this machine, whatever its resolver knows of them.

import dns from 'node:dns';

const { lookup } = dns;
dns.lookup = (name, ...rest) => lookup(name.endsWith('.localhost') ? 'localhost' : name, ...rest);
