// The home node, wired as always, that gives itself a new key when it is awake (ROTATE=1), says each step that it takes
// with its keys, and kills itself at a named one (KILL_AT). SIGKILL to itself leaves no moment for anything to be put in
// order.

import { readOptions } from '../../home-node/config.ts';
import { HomeNode } from '../../home-node/node.ts';
import { causeOf } from '../../shared/errors.ts';

const { KILL_AT: killAt, ROTATE: rotates } = process.env;

function say(line: Readonly<Record<string, unknown>>): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

const node = await HomeNode.start(readOptions(), {
  onKeyStep: (step) => {
    if (step === killAt) process.kill(process.pid, 'SIGKILL');
    say({ step });
  },
  onEvent: ({ event }) => {
    say({ event });
    if (event === 'awake' && rotates !== undefined) rotate();
  },
});

function rotate(): void {
  node.awake.deeds.rotateKey().then(
    () => say({ rotated: true }),
    (thrown: unknown) => say({ rotated: false, why: causeOf(thrown) }),
  );
}

process.once('SIGTERM', () => void node.end().then(() => process.exit(0)));
