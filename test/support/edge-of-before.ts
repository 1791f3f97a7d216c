// Runs the edge of another release, as local/edge.ts runs this one: its Worker, its bindings, its D1 schema (--release
// names their folder). Says the same line when it is ready. The claim code is put into the directory by hand, because
// how today's code does it is today's.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startEdge } from '../../local/edge.ts';
import { hashClaimCode, makeClaimCode, parseClaimCode } from '../../shared/claim/code.ts';
import { systemClock, systemRandom } from '../../shared/clock.ts';
import { limits } from '../../shared/limits.ts';

const { values } = parseArgs({
  options: {
    release: { type: 'string', default: '' },
    port: { type: 'string', default: '0' },
    data: { type: 'string', default: '' },
    hosts: { type: 'string' },
    'tls-key': { type: 'string', default: '' },
    'tls-cert': { type: 'string', default: '' },
    'dev-key-origins': { type: 'string', default: '' },
  },
});
const { release, hosts } = values;
const edge = await startEdge({
  port: Number(values.port),
  dataDir: values.data,
  tls: { key: readFileSync(values['tls-key'], 'utf8'), cert: readFileSync(values['tls-cert'], 'utf8') },
  devKeyOrigins: values['dev-key-origins'].split(','),
  wranglerToml: join(release, 'wrangler.toml'),
  bundlePath: join(release, 'worker.js'),
});
const code = makeClaimCode(systemRandom);
if (hosts !== undefined) {
  await edge.query(
    'INSERT INTO claim_codes (code_hash, hosts, replaces, expires_at) VALUES (?, ?, NULL, ?)',
    await hashClaimCode(parseClaimCode(code)),
    JSON.stringify(hosts.split(',')),
    systemClock.now() + limits.claimCodeMs,
  );
}
process.removeAllListeners('SIGTERM');
process.once('SIGTERM', () => void edge.stop().then(() => process.exit(0)));
console.log(JSON.stringify({ origin: edge.origin, ...(hosts === undefined ? {} : { code }) }));
