import { availableParallelism } from 'node:os';
import { cloudflareTest, readD1Migrations } from '@cloudflare/vitest-plugin';
import { defineConfig } from 'vitest/config';
import { operatorJwk } from './test/edge/operator/operator-key.ts';
import { Interleaved } from './test/interleaved.ts';

// Most files wait for much of their time: for processes that start, for a runtime that lets go, for a clock that goes on.
const filesAtOnce = Math.ceil(1.5 * availableParallelism());

const workerd = () =>
  cloudflareTest(async () => ({
    wrangler: { configPath: './wrangler.toml' },
    // Tests of the directory apply them; nothing else may ask the internet for anything.
    miniflare: {
      bindings: {
        TEST_MIGRATIONS: await readD1Migrations('./migrations/edge'),
        OPERATOR_KEY: operatorJwk.x,
      },
      cf: false,
    },
  }));

// What runs inside workerd, what runs in Node (shared code in both), and the journeys, which start real processes.
export default defineConfig({
  test: {
    maxWorkers: filesAtOnce,
    sequence: { sequencer: Interleaved },
    projects: [
      {
        plugins: [workerd()],
        test: { name: 'edge', testTimeout: 30_000, include: ['test/edge/**/*.test.ts'] },
      },
      {
        plugins: [workerd()],
        test: {
          name: 'shared',
          testTimeout: 30_000,
          // Nothing of it has a state, so that its files share one workerd: starting one takes longer than they do.
          isolate: false,
          include: ['test/shared/**/*.test.ts'],
        },
      },
      {
        test: {
          name: 'node',
          // A test waits for conditions; this is for one that waits in vain, on a machine that has much else to do.
          testTimeout: 30_000,
          hookTimeout: 60_000,
          environment: 'node',
          include: ['test/{home-node,shared,rules,contract,bench}/**/*.test.ts'],
        },
      },
      {
        test: {
          name: 'journey',
          environment: 'node',
          include: ['test/{journey,package}/**/*.test.ts'],
          testTimeout: 300_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
