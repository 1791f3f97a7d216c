// What a command is given, with streams in place of a terminal: what it wrote, what it asks, and the code it would end
// with.

import { PassThrough } from 'node:stream';
import type { Cli } from '../../home-node/cli/cli.ts';
import { Terminal } from '../../home-node/cli/terminal.ts';
import { systemClock, systemRandom } from '../../shared/clock.ts';

export interface FakeCli {
  readonly cli: Cli;
  /** What a person types. */
  readonly input: PassThrough;
  /** Since it was last asked for. */
  readonly out: () => string;
  readonly err: () => string;
  /** null: as it ends by itself. */
  readonly code: () => number | null;
}

export function fakeCli(options: { readonly isTTY?: boolean; readonly env?: Cli['env'] } = {}): FakeCli {
  const { isTTY = false, env = {} } = options;
  const streams = { input: new PassThrough(), output: new PassThrough(), errors: new PassThrough() };
  for (const stream of Object.values(streams)) Object.assign(stream, { isTTY, columns: 80 });
  let code: number | null = null;
  const cli: Cli = {
    terminal: new Terminal({ ...streams, env: { NO_COLOR: '1', ...env } }),
    clock: systemClock,
    random: systemRandom,
    env,
    homeDirectory: '/nowhere',
    exitWith: (wanted) => {
      code = wanted;
    },
  };
  const read = (stream: PassThrough) => () => String(stream.read() ?? '');
  return { cli, input: streams.input, out: read(streams.output), err: read(streams.errors), code: () => code };
}
