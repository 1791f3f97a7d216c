// The home node as a program: dials the edge, takes what waits there to home's services, and says good night when it is
// asked to end (SIGTERM, SIGINT; a second signal ends it at once). Started by another program with a channel between
// the two, it reports what happens there and goes to bed when that program is gone.

import { causeOf } from '../shared/errors.ts';
import { readOptions } from './config.ts';
import type { Home, HomeEvent } from './home.ts';
import { startHome } from './wiring.ts';

function report(event: HomeEvent): void {
  if (process.connected) process.send?.(event);
}

async function main(): Promise<void> {
  const home: Home = await startHome(readOptions(), {
    onEvent: report,
    onSuperseded: () => void home.stop().finally(() => process.exit(1)),
  });
  let asked = false;
  const end = (): void => {
    if (asked) process.exit(1);
    asked = true;
    home.bedtime().then(
      () => process.exit(0),
      (thrown: unknown) => fail(thrown),
    );
  };
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, end);
  process.once('disconnect', end);
}

function fail(thrown: unknown): never {
  process.stderr.write(`${causeOf(thrown)}\n`);
  process.exit(1);
}

main().catch(fail);
