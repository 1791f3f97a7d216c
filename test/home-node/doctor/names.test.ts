// How names resolve, by a name server of our own on a real socket that answers as badly as name servers do.

import { createSocket, type Socket } from 'node:dgram';
import { afterEach, describe, expect, test } from 'vitest';
import { namesCheck } from '../../../home-node/doctor/checks/names.ts';
import { isPublic } from '../../../home-node/doctor/names.ts';
import { type SystemPorts, systemPorts } from '../../../home-node/doctor/system-ports.ts';
import { systemClock } from '../../../shared/clock.ts';
import { answerOf, configOf, development, examOf, findingsOf, production, theEdge } from './exams.ts';

interface Zone {
  /** RCODE (RFC 1035 section 4.1.1); null: no answer at all. */
  readonly code: number | null;
  readonly a?: readonly string[];
  readonly aaaa?: readonly string[];
}

const open: { socket: Socket; ports: SystemPorts }[] = [];

afterEach(() => {
  for (const { socket, ports } of open.splice(0)) {
    ports.close();
    socket.close();
  }
});

/** A name server that says the same of every name. */
async function portsWith(zone: Zone): Promise<SystemPorts> {
  const socket = createSocket('udp4');
  socket.on('message', (query, from) => {
    if (zone.code === null) return;
    // The question ends with the name's zero byte, type and class.
    const end = query.indexOf(0, 12) + 5;
    const isA = query.readUInt16BE(end - 4) === 1;
    const records = (isA ? zone.a : zone.aaaa) ?? [];
    const head = Buffer.from(query.subarray(0, 12));
    head.writeUInt16BE(0x8180 | zone.code, 2);
    head.writeUInt16BE(records.length, 6);
    head.writeUInt32BE(0, 8);
    const answers = records.map((address) => {
      const data = isA ? Buffer.from(address.split('.').map(Number)) : ipv6(address);
      const record = Buffer.from([0xc0, 12, 0, isA ? 1 : 28, 0, 1, 0, 0, 0, 60, 0, data.length]);
      return Buffer.concat([record, data]);
    });
    socket.send(Buffer.concat([head, query.subarray(12, end), ...answers]), from.port, from.address);
  });
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  const nameServers = [`127.0.0.1:${socket.address().port}`];
  const ports = systemPorts({ clock: systemClock, nameServers, askMs: 400 });
  open.push({ socket, ports });
  return { ...ports, ask: async () => await Promise.resolve(answerOf(200, theEdge)) };
}

/** Whole, eight groups. */
function ipv6(address: string): Buffer {
  return Buffer.from(
    address
      .split(':')
      .map((group) => group.padStart(4, '0'))
      .join(''),
    'hex',
  );
}

describe('a name', () => {
  test('with addresses that strangers can reach is well, and they are said', async () => {
    const ports = await portsWith({ code: 0, a: ['104.16.1.2'], aaaa: ['2606:4700:0:0:0:0:0:1'] });
    expect(await findingsOf(namesCheck, examOf(production), ports)).toEqual([
      { subject: 'example.org', verdict: 'well', found: 'resolves to 104.16.1.2, 2606:4700::1', cure: null },
    ]);
  });

  test('with records of one kind only is well', async () => {
    for (const zone of [{ a: ['104.16.1.2'] }, { aaaa: ['2606:4700:0:0:0:0:0:1'] }]) {
      const ports = await portsWith({ code: 0, ...zone });
      expect(await findingsOf(namesCheck, examOf(production), ports)).toMatchObject([{ verdict: 'well' }]);
    }
  });

  test.each([
    ['NXDOMAIN', { code: 3 }, 'no such name', 'custom domain'],
    ['SERVFAIL', { code: 2 }, 'SERVFAIL', 'DS record'],
    ['REFUSED', { code: 5 }, 'REFUSED', 'registrar'],
    ['no records', { code: 0 }, 'no address', 'custom domain'],
    ['silence', { code: null }, 'no name server answered in time', '/etc/resolv.conf'],
    ['a private address', { code: 0, a: ['192.168.1.20'] }, '192.168.1.20, which no stranger', 'own network'],
    ['a private address besides', { code: 0, a: ['104.16.1.2', '10.0.0.1'] }, 'to 10.0.0.1, which', 'own network'],
    ['an address of this machine', { code: 0, aaaa: ['0:0:0:0:0:0:0:1'] }, '::1, which', 'own network'],
    ['an unusable answer', { code: 4 }, 'cannot be used', 'later'],
  ] as const)('of which name servers say %s is told apart, with its cure', async (_, zone, found, cure) => {
    const [finding] = await findingsOf(namesCheck, examOf(production), await portsWith(zone));
    expect(finding).toMatchObject({
      subject: 'example.org',
      found: expect.stringContaining(found),
      cure: expect.stringContaining(cure),
    });
    expect(finding?.verdict).toBe(zone.code === 4 ? 'unchecked' : 'fault');
  });

  test('is asked for once, and every host of the config is asked for, without its port', async () => {
    const names: string[] = [];
    const ports = { ...(await portsWith({ code: 0, a: ['104.16.1.2'] })) };
    const config = configOf(
      'domain = "example.org"\nedge = "https://edge.example"\n[[services]]\nname = "a"\nkind = "embedded"\nhosts = ["example.org", "www.example.org"]\n',
    );
    const lookup = async (name: string): Promise<readonly string[]> => {
      names.push(name);
      return await ports.lookup(name);
    };
    await findingsOf(namesCheck, examOf(config), { ...ports, lookup });
    expect(names.filter((name) => name !== 'edge.example')).toEqual(['example.org', 'www.example.org']);
  });

  test('of a home in development is not asked for', async () => {
    const ports = await portsWith({ code: 3 });
    expect(await findingsOf(namesCheck, examOf(development('https://localhost:8780')), ports)).toMatchObject([
      { subject: 'localhost', verdict: 'unchecked' },
    ]);
  });
});

test.each([
  '10.1.2.3',
  '100.64.0.1',
  '127.0.0.1',
  '169.254.1.1',
  '172.31.255.255',
  '192.168.0.1',
  '0.0.0.0',
  '255.255.255.255',
  '::1',
  '::',
  'fe80::1',
  'fd00::1',
  '2001:db8::1',
  '::ffff:192.168.0.1',
])('%s is no address for strangers', (address) => expect(isPublic(address)).toBe(false));

test.each(['104.16.1.2', '172.32.0.1', '11.0.0.1', '2606:4700::1', '::ffff:104.16.1.2'])('%s is one', (address) =>
  expect(isPublic(address)).toBe(true),
);
