// `porchlight edge`: what whoever runs an edge may ask of it: claim codes for homes, and which homes there are. By the
// operator's key, from wherever that lies; no data folder is involved.

import { resolve } from 'node:path';
import { PorchlightError } from '../../../shared/errors.ts';
import { OperatorClient } from '../../operator/client.ts';
import { readOperatorKey } from '../../operator/operator-key.ts';
import { type Cli, type JsonOptions, sayJson } from '../cli.ts';
import { whileWaiting } from '../progress-bar.ts';
import { printTable } from '../table.ts';
import { spanAhead, time } from '../words.ts';

export interface EdgeOptions extends JsonOptions {
  readonly edge?: string;
  readonly key?: string;
}

export interface CodeOptions extends EdgeOptions {
  readonly hosts: string;
}

export interface SureOptions extends EdgeOptions {
  readonly yes?: boolean;
}

async function withEdge<T>(
  cli: Cli,
  { edge, key }: EdgeOptions,
  work: (client: OperatorClient) => Promise<T>,
): Promise<T> {
  const { env, clock, random } = cli;
  // A variable that is empty is as good as none.
  const origin = edge ?? (env.PORCHLIGHT_EDGE || undefined);
  const file = key ?? (env.PORCHLIGHT_OPERATOR_KEY || undefined);
  if (origin === undefined || file === undefined) {
    const missing =
      origin === undefined ? '--edge https://... (or PORCHLIGHT_EDGE)' : '--key FILE (or PORCHLIGHT_OPERATOR_KEY)';
    throw new PorchlightError(
      'options',
      `Cannot ask the edge as its operator: ${missing} is missing; npm run deploy prints both.`,
    );
  }
  const client = new OperatorClient({ edge: origin, key: await readOperatorKey(resolve(file)), clock, random });
  try {
    return await whileWaiting(cli.terminal, 'asking the edge', async () => await work(client));
  } finally {
    await client.close();
  }
}

export async function code(cli: Cli, options: CodeOptions): Promise<void> {
  const hosts = options.hosts
    .split(',')
    .map((host) => host.trim())
    .filter((host) => host !== '');
  const issued = await withEdge(cli, options, async (client) => await client.issueCode(hosts));
  if (options.json === true) return sayJson(cli, issued);
  const { terminal, clock } = cli;
  terminal.say(terminal.style('bold', issued.code));
  terminal.say(`Good once, for ${spanAhead(issued.expiresAt - clock.now())}, for ${issued.hosts.join(', ')}.`);
  terminal.say(`At home: porchlight claim ${issued.code}`);
  if (issued.replaces === null) return;
  terminal.say(
    terminal.style('yellow', `A home answers for these names already: a claim replaces its key.\n(${issued.replaces})`),
  );
}

export async function codes(cli: Cli, options: EdgeOptions): Promise<void> {
  const waiting = await withEdge(cli, options, async (client) => await client.codes());
  if (options.json === true) return sayJson(cli, waiting);
  if (waiting.length === 0) return cli.terminal.say('No code waits to be used.');
  const now = cli.clock.now();
  printTable(
    cli.terminal,
    ['hash begins', 'good for', 'replaces', 'hosts'],
    waiting.map((one) => [one.hashPrefix, spanAhead(one.expiresAt - now), one.replaces ?? '', one.hosts.join(' ')]),
  );
}

export async function drop(cli: Cli, name: string, options: EdgeOptions): Promise<void> {
  await withEdge(cli, options, async (client) => await client.dropCode(name));
  if (options.json === true) return sayJson(cli, { dropped: true });
  cli.terminal.say('That code lets nobody in any more.');
}

export async function homes(cli: Cli, options: EdgeOptions): Promise<void> {
  const found = await withEdge(cli, options, async (client) => await client.homes());
  if (options.json === true) return sayJson(cli, found);
  if (found.length === 0) return cli.terminal.say('No home has claimed at this edge.');
  printTable(
    cli.terminal,
    ['home', 'claimed', 'key', 'hosts'],
    found.map((home) => [
      home.homeId,
      home.claimedAt === null ? '' : time(home.claimedAt),
      home.revokedAt === null ? home.key.slice(0, 12) : { text: `revoked ${time(home.revokedAt)}`, style: 'red' },
      home.hosts.join(' '),
    ]),
  );
}

export async function revoke(cli: Cli, name: string, options: SureOptions): Promise<void> {
  await mustBeSure(
    cli,
    options,
    `Revoke the key of ${name}? Its home is cut off at once, until it claims with a new code.`,
  );
  const home = await withEdge(cli, options, async (client) => await client.revoke(name));
  if (options.json === true) return sayJson(cli, home);
  cli.terminal.say(`The key of home ${home.homeId} may do nothing any more. What waits for it stays in its spool.`);
  cli.terminal.say(`To let it in again: porchlight edge code --hosts ${home.hosts.join(',')}`);
}

export async function release(cli: Cli, host: string, options: SureOptions): Promise<void> {
  await mustBeSure(cli, options, `Take ${host} from its home? Another home may claim it then.`);
  await withEdge(cli, options, async (client) => await client.release(host));
  if (options.json === true) return sayJson(cli, { released: host });
  cli.terminal.say(`${host} belongs to nobody now.`);
}

async function mustBeSure({ terminal }: Cli, { yes }: SureOptions, question: string): Promise<void> {
  if (yes === true) return;
  const answer = await terminal.ask(`${question} [y/N] `, 'say --yes.');
  if (!/^y(es)?$/i.test(answer))
    throw new PorchlightError('not-confirmed', 'Cannot go on: it was not confirmed; nothing was done.');
}
