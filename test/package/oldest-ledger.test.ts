// What a home asks of its ledger, by the SQLite of the oldest Node that it promises to run on.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { sourceFiles } from '../rules/source-files.ts';
import { hasOtherNodes, otherNodes, skipUnless } from '../support/other-nodes.ts';

skipUnless(hasOtherNodes, 'the ledger on an older Node', 'Other Nodes are not in test/nodes');

const store = join(import.meta.dirname, '..', '..', 'home-node', 'intake', 'ledger-store.ts');

test.skipIf(!hasOtherNodes)('deliveries of which the owner says that they were lost are doubted, one or all', () => {
  const folder = mkdtempSync(join(tmpdir(), 'porchlight-oldest-'));
  try {
    const program = `
      const { LedgerStore } = await import(${JSON.stringify(store)});
      const ledger = new LedgerStore(${JSON.stringify(join(folder, 'ledger.sqlite'))});
      const begin = (id) => ledger.commit([{ mark: 'begin', id, service: 's', sender: 'a', at: 1 }])[0];
      const answer = (id) => ledger.commit([{ mark: 'answer', id, outcome: 'delivered', at: 2 }]);
      for (const id of ['one', 'two']) { begin(id); answer(id); }
      const said = [begin('one')];
      ledger.doubtDelivered('one');
      said.push(begin('one'), begin('two'));
      answer('one');
      ledger.doubtDelivered();
      said.push(begin('one'), begin('two'));
      console.log(said.join(' '));
    `;
    const args = ['--input-type=module', '--eval', program];
    const said = execFileSync(otherNodes.lowest, args, { stdio: ['ignore', 'pipe', 'ignore'] }).toString();
    expect(said).toBe('delivered in-doubt delivered in-doubt in-doubt\n');
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('no parameter of home’s SQL has a number: Node 22.19 does not take them', () => {
  const numbered = sourceFiles('home-node').filter(({ code }) => /[=(,] ?\?\d/.test(code));
  expect(numbered.map(({ path }) => path)).toEqual([]);
});
