// The Node hook around the signature libraries of PeerTube and Misskey: the real libraries, called with the services' own
// options, over real HTTP.

import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { InboxRequest } from '../../support/forger.ts';
import { otherNodes } from '../../support/other-nodes.ts';
import { type Signing, unwanted, wanted } from './late-requests.ts';
import { type Started, startService } from './service-program.ts';

const root = join(import.meta.dirname, '..', '..', '..');
const hookAt = (name: string): string => join(root, 'home-node', 'hooks', name);
const app = join(import.meta.dirname, 'apps', 'inbox-app.mjs');

const required = `--require ${hookAt('porchlight-hook.cjs')}`;
const imported = `--import ${hookAt('porchlight-hook.mjs')}`;

interface Service {
  readonly name: string;
  readonly options: string;
  readonly signings: readonly Signing[];
}

const services: readonly Service[] = [
  { name: 'peertube-http-signature', options: required, signings: ['date', 'created'] },
  { name: 'peertube-http-signature-required', options: imported, signings: ['date'] },
  { name: 'misskey-http-signature', options: imported, signings: ['date'] },
  { name: 'peertube-message-signatures', options: required, signings: ['date', 'created'] },
  { name: 'peertube-message-signatures-required', options: imported, signings: ['date'] },
  { name: 'misskey-message-signatures', options: `${required} ${imported}`, signings: ['date'] },
];

const nodes = [
  ['the project’s Node', process.execPath],
  ['Node 20', otherNodes.node20],
  ['Node 22', otherNodes.lowest],
] as const;

describe.each(nodes)('with %s', (_which, node) => {
  describe.each(services)('the hook in $name', ({ name, options, signings }) => {
    let hooked: Started;
    let bare: Started;
    const now = Date.now();
    beforeAll(async () => {
      hooked = await startService({ command: [node, app, name], env: { NODE_OPTIONS: options } });
      bare = await startService({ command: [node, app, name] });
    });
    afterAll(async () => await Promise.all([hooked?.stop(), bare?.stop()]));

    test('says once that it is there', () => {
      expect(hooked.log().match(/judged by their time of arrival/g)).toHaveLength(1);
    });

    test.each(signings)('takes what is in time or was, signed by %s', async (signing) => {
      for (const { what, request } of wanted(signing, now)) {
        expect([what, (await hooked.ask(request)).status]).toEqual([what, 202]);
      }
    });

    test('without the hook what is late is refused, receipt or not', async () => {
      const late = wanted('date', now).filter(({ what }) => !what.includes('fresh'));
      const statuses = await Promise.all(late.map(async ({ request }) => (await bare.ask(request)).status));
      expect(new Set(statuses)).toEqual(new Set([name.startsWith('peertube') ? 403 : 401]));
    });

    test.each(signings)('answers every other request as without the hook, signed by %s', async (signing) => {
      const changed: string[] = [];
      let refused = 0;
      for (const { what, request } of unwanted(signing, now)) {
        const [after, before] = await Promise.all([hooked.ask(request), bare.ask(request)]);
        if (after.status !== before.status) changed.push(`${what}: ${before.status} became ${after.status}`);
        if ([400, 401, 403].includes(after.status)) refused += 1;
      }
      expect(changed).toEqual([]);
      if (signing === 'date') expect(refused).toBeGreaterThan(30);
    });

    test('says in the answer that it judged, for a receipt of home alone', async () => {
      const judged = async (request: InboxRequest) => (await hooked.ask(request)).headers.get('porchlight-hook');
      for (const { what, request } of wanted('date', now)) {
        const said = what === 'a fresh one' ? undefined : 'v1 judged-at-arrival';
        expect([what, await judged(request)]).toEqual([what, said]);
      }
      const others = unwanted('date', now).filter(
        ({ what }) => !/an altered body|and a|right receipt|expired/.test(what),
      );
      for (const { what, request } of others) expect([what, await judged(request)]).toEqual([what, undefined]);
    });
  });
});
