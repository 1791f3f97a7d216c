// The home node as a program: dials the edge, takes what waits there to home's services, and says good night when it is
// asked to end (SIGTERM, SIGINT; a second signal ends it at once). Started by another program with a channel between
// the two, it reports what happens there and goes to bed when that program is gone.

import { causeOf } from '../shared/errors.ts';
import { readOptions } from './config.ts';
import { runNode } from './run.ts';

// What home writes is its user's alone, whatever rights the data folder has: who sent what to whom is in it.
process.umask(0o077);

runNode(readOptions()).catch((thrown: unknown) => {
  process.stderr.write(`${causeOf(thrown)}\n`);
  process.exit(1);
});
