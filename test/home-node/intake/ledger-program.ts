// Delivers without end in its own ledger and prints each id once it is marked. To be killed.

import { Ledger } from '../../../home-node/intake/ledger.ts';

const ledger = await Ledger.open(process.argv[2] ?? '');
for (let n = 0; ; n += 1) {
  const id = `d${n}`;
  ledger.mark([{ mark: 'begin', id, service: 'home', sender: 's', at: n }]);
  ledger.mark([{ mark: 'answer', id, outcome: 'delivered', at: n }]);
  process.stdout.write(`${id}\n`);
}
