// `npm run deploy`: brings the edge to the operator's Cloudflare account (docs/deploying.md).

import { exitCodeOf, exitCodes } from '../home-node/cli/exit-codes.ts';
import { sayError } from '../home-node/cli/say-error.ts';
import { Terminal } from '../home-node/cli/terminal.ts';
import { time } from '../home-node/cli/words.ts';
import type { ClaimCode } from './deploy/claim-code.ts';
import { readDeployOptions, usage } from './deploy/options.ts';
import { near } from './deploy/remembered.ts';
import { type Deployed, deploy } from './deploy/run.ts';
import { Wrangler } from './deploy/wrangler.ts';

const { stdin: input, stdout: output, stderr: errors, env } = process;
const terminal = new Terminal({ input, output, errors, env });

function tell(deployed: Deployed, dryRun: boolean): void {
  const { changes, code, hosts, operatorKey } = deployed;
  if (dryRun) {
    terminal.say(changes.length === 0 ? 'Nothing would be changed.' : 'Would:');
    for (const change of changes) terminal.say(`  ${change}`);
    return;
  }
  const first = `https://${hosts[0] ?? ''}`;
  terminal.say();
  terminal.say(
    changes.length === 0 ? 'Nothing had to be changed.' : terminal.style('green', `Your edge is live at ${first}.`),
  );
  if (code !== null) tellCode(code, hosts[0] ?? '');
  terminal.say();
  terminal.say('To ask the edge as its operator (porchlight edge --help):');
  terminal.say(`  export PORCHLIGHT_EDGE=${first} PORCHLIGHT_OPERATOR_KEY=${near(operatorKey)}`);
}

function tellCode(code: ClaimCode, domain: string): void {
  if (code.is === 'not-needed') return;
  const good = `once, until ${time(code.expiresAt)}`;
  terminal.say();
  if (code.is === 'waiting') {
    terminal.say(`A claim code for ${code.hosts.join(', ')} waits to be used (${good}). Lost it? Add --new-code.`);
    return;
  }
  terminal.say(`Claim code for ${code.hosts.join(', ')}, good ${good}; it is shown only now:`);
  terminal.say();
  terminal.say(`  ${terminal.style('bold', code.code)}`);
  terminal.say();
  terminal.say('Next, on the machine at home:');
  terminal.say(`  porchlight init --domain ${domain}`);
  terminal.say(`  porchlight claim ${code.code}`);
  terminal.say('  porchlight up');
}

const wrangler = new Wrangler(env);
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(signal, () => {
    wrangler.kill();
    terminal.draw('');
    terminal.note('Broken off. What was made stays; run it again, it goes on from there.');
    process.exit(exitCodes.brokenOff);
  });
}

try {
  const options = readDeployOptions(process.argv.slice(2), env);
  if (options === null) terminal.say(usage.trimEnd());
  else {
    const deployed = await deploy(options, terminal, wrangler);
    if (options.json) terminal.say(JSON.stringify(deployed, null, 2));
    else tell(deployed, options.dryRun);
  }
} catch (thrown) {
  sayError(terminal, process.argv.slice(2), thrown);
  process.exitCode = exitCodeOf(thrown);
}
