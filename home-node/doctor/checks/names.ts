// Does every name resolve, and to addresses that strangers can reach?

import { causeOf } from '../../../shared/errors.ts';
import { type Check, fault, type Result, unchecked, well } from '../check.ts';
import { isPublic, nameTroubleOf } from '../names.ts';
import type { DoctorPorts } from '../ports.ts';

export const namesCheck: Check = {
  name: 'names',
  about: 'how the names of this home resolve',
  needs: 'network',
  run: async ({ config, hosts }, ports) => {
    const edge = new URL(config.edge).host;
    const names = [...new Set([...hosts, edge].map((host) => new URL(`https://${host}`).hostname))];
    if (config.allowPrivateAddresses) {
      return names.map((name) => unchecked(name, 'this home is for development: its names may be known to it alone'));
    }
    return await Promise.all(names.map(async (name) => await nameResult(name, ports)));
  },
};

async function nameResult(name: string, { lookup }: DoctorPorts): Promise<Result> {
  let addresses: readonly string[];
  try {
    addresses = await lookup(name);
  } catch (thrown) {
    return nameFailed(name, thrown);
  }
  const hidden = addresses.filter((address) => !isPublic(address));
  if (hidden.length === 0) return well(name, `resolves to ${addresses.join(', ')}`);
  return fault(
    name,
    `resolves to ${hidden.join(', ')}, which no stranger can reach`,
    `Let ${name} point to the edge (at Cloudflare: a custom domain of the Worker). If only the name server of your own network says so, take the name out of it: home must see what strangers see.`,
  );
}

function nameFailed(name: string, thrown: unknown): Result {
  switch (nameTroubleOf(thrown)) {
    case 'no-such-name':
      return fault(
        name,
        'there is no such name (NXDOMAIN)',
        `Give the Worker ${name} as a custom domain, which makes the record. If the whole domain is new, see at its registrar whether it points to the zone's name servers.`,
      );
    case 'no-address':
      return fault(
        name,
        'the name is there, but has no address (no A and no AAAA record)',
        `Give the Worker ${name} as a custom domain, which makes the record.`,
      );
    case 'server-failed':
      return fault(
        name,
        'its name servers fail (SERVFAIL)',
        "Compare the DS record at the registrar with the zone's DNSSEC settings: one that is left over makes every lookup fail. Otherwise wait: the zone's servers have trouble.",
      );
    case 'refused':
      return fault(
        name,
        'a name server refuses to answer (REFUSED)',
        'See at the registrar whether the domain points to the right name servers, and whether the zone is active there.',
      );
    case 'silent':
      return fault(
        name,
        'no name server answered in time',
        'See which name servers this machine asks (/etc/resolv.conf, the router) and whether they answer; a public one such as 9.9.9.9 will do.',
      );
    case 'other':
      return unchecked(name, `the name server's answer cannot be used: ${causeOf(thrown)}`, 'Try again later.');
  }
}
