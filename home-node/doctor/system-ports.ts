// The real world of the checks: this machine's name servers, its connections, its disk and its processes.

import { Resolver } from 'node:dns/promises';
import { statfs } from 'node:fs/promises';
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { TLSSocket } from 'node:tls';
import type { Clock } from '../../shared/clock.ts';
import { limits } from '../../shared/limits.ts';
import { addressesOf } from './names.ts';
import type { Answer, DiskFigures, DoctorPorts, Question } from './ports.ts';
import { listenersOf } from './proc-net.ts';

export interface SystemPorts extends DoctorPorts {
  readonly close: () => void;
}

export interface SystemPortsOptions {
  readonly clock: Clock;
  /** Name servers instead of this machine's, as address:port. */
  readonly nameServers?: readonly string[];
  /** Authorities to trust instead of this machine's, PEM. */
  readonly ca?: string;
  /** Longest that a question may take, ms. */
  readonly askMs?: number;
}

/** Connections to one host at the same time: a doctor is no crowd. */
const connections = 6;

export function systemPorts({ clock, nameServers, ca, askMs = limits.doctorAskMs }: SystemPortsOptions): SystemPorts {
  const resolver = new Resolver({ timeout: Math.ceil(askMs / 4), tries: 2 });
  if (nameServers !== undefined) resolver.setServers(nameServers);
  const agents = {
    'http:': new HttpAgent({ keepAlive: true, maxSockets: connections }),
    'https:': new HttpsAgent({ keepAlive: true, maxSockets: connections, ...(ca === undefined ? {} : { ca }) }),
  };
  return {
    clock,
    nodeVersion: process.versions.node,
    lookup: async (name) => await addressesOf([resolver.resolve4(name), resolver.resolve6(name)]),
    ask: async (question) => await ask(question, agents, clock, askMs),
    disk: diskFigures,
    listeners: async (pid) => await listenersOf(pid, '/proc'),
    close: () => {
      resolver.cancel();
      for (const agent of Object.values(agents)) agent.destroy();
    },
  };
}

/**
 * By node:http, because it puts a target on the wire as it stands. The time for all of it is bounded, and so is what is
 * read of the answer.
 */
async function ask(
  question: Question,
  agents: { readonly 'http:': HttpAgent; readonly 'https:': HttpsAgent },
  clock: Clock,
  askMs: number,
): Promise<Answer> {
  const { protocol, hostname, port } = new URL(question.origin);
  const isTls = protocol === 'https:';
  const askedAt = clock.now();
  const options = {
    // Without the brackets that an IPv6 address has in a URL.
    hostname: hostname.replace(/^\[|\]$/g, ''),
    port: port === '' ? (isTls ? 443 : 80) : Number(port),
    path: question.target,
    method: question.method ?? 'GET',
    headers: question.headers ?? {},
    signal: AbortSignal.timeout(askMs),
  };
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const asked = isTls
      ? httpsRequest({ ...options, agent: agents['https:'] }, resolve)
      : httpRequest({ ...options, agent: agents['http:'] }, resolve);
    // After the answer's head, what breaks is told by the answer itself.
    asked.on('error', reject);
    asked.end(question.body);
  });
  const answeredAt = clock.now();
  const certificateEndsAt = certificateEndOf(response);
  const headers = Object.fromEntries(
    Object.entries(response.headers).map(([name, value]) => [name, [value].flat().join(', ')]),
  );
  return {
    status: response.statusCode ?? 0,
    headers,
    body: await read(response),
    certificateEndsAt,
    askedAt,
    answeredAt,
  };
}

async function read(response: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of response as AsyncIterable<Buffer>) {
    parts.push(part);
    length += part.byteLength;
    // Leaving the loop destroys the connection.
    if (length >= limits.doctorAnswerBytes) break;
  }
  return Buffer.concat(parts).subarray(0, limits.doctorAnswerBytes).toString('utf8');
}

function certificateEndOf({ socket }: IncomingMessage): number | null {
  if (!(socket instanceof TLSSocket)) return null;
  const ends = Date.parse(socket.getPeerCertificate().valid_to ?? '');
  return Number.isNaN(ends) ? null : ends;
}

async function diskFigures(folder: string): Promise<DiskFigures> {
  const { bavail, bsize, files, ffree } = await statfs(folder);
  // Some file systems (btrfs) make inodes as they need them and count none.
  return { freeBytes: bavail * bsize, freeInodes: files === 0 ? null : ffree };
}
