import { cloudflareTest, readD1Migrations } from '@cloudflare/vitest-plugin';
import { defineConfig } from 'vitest/config';
import { operatorJwk } from './test/edge/operator/operator-key.ts';

// Three projects: what runs inside workerd, what runs in Node, and the journeys, which start real processes and so
// run one file at a time.
export default defineConfig({
  test: {
    projects: [
      {
        plugins: [
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
          })),
        ],
        test: { name: 'edge', testTimeout: 30_000, include: ['test/edge/**/*.test.ts', 'test/shared/**/*.test.ts'] },
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
          fileParallelism: false,
          testTimeout: 300_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
