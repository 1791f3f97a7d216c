// The control socket: whose it is, what it refuses, and what a command hears when the home node ends meanwhile.

import { chmodSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { askNode } from '../../../home-node/control/client.ts';
import { ControlServer } from '../../../home-node/control/server.ts';
import { controlSocketPath } from '../../../home-node/control/socket-path.ts';
import { PorchlightError } from '../../../shared/errors.ts';
import { limits } from '../../../shared/limits.ts';

let folder: string;
let server: ControlServer | null;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'porchlight-control-'));
  server = null;
});

afterEach(async () => {
  await server?.close();
  rmSync(folder, { recursive: true });
});

async function listen(calls: Parameters<typeof ControlServer.listen>[1]): Promise<void> {
  server = await ControlServer.listen(folder, calls);
}

const coded = (code: string) => expect.objectContaining({ code });

describe('the control socket', () => {
  test('may be opened by its user alone, also when a socket of another kind lay there', async () => {
    writeFileSync(controlSocketPath(folder), 'left by a process that was killed', { mode: 0o666 });
    await listen({});
    expect(statSync(controlSocketPath(folder)).mode & 0o777).toBe(0o600);
  });

  test('gives a call its arguments, passes its progress on, and answers with its result', async () => {
    await listen({
      add: async ({ a, b }, onProgress) => {
        onProgress({ step: 'adding', done: 1, of: 2 });
        return await Promise.resolve(Number(a) + Number(b));
      },
    });
    const seen: unknown[] = [];
    expect(await askNode(folder, 'add', { a: 2, b: 3 }, (progress) => seen.push(progress))).toBe(5);
    expect(seen).toEqual([{ step: 'adding', done: 1, of: 2 }]);
  });

  test('tells a call that gives nothing back from one that was cut off', async () => {
    await listen({ nothing: async () => await Promise.resolve(undefined) });
    expect(await askNode(folder, 'nothing')).toBeNull();
  });

  test('passes an error on with its code and message', async () => {
    const refuse = async (): Promise<never> =>
      await Promise.reject(new PorchlightError('home-asleep', 'Cannot do that.'));
    await listen({ refuse });
    await expect(askNode(folder, 'refuse')).rejects.toThrow(
      expect.objectContaining({ code: 'home-asleep', message: 'Cannot do that.' }),
    );
  });

  test.each(['toString', '__proto__', 'nothing', ''])('does not know a call named %j', async (name) => {
    await listen({});
    await expect(askNode(folder, name)).rejects.toThrow(coded('control-unknown'));
  });

  test('refuses more than limits.controlRequestBytes, and what is no JSON object', async () => {
    await listen({ take: async () => await Promise.resolve(null) });
    const long = { text: 'x'.repeat(limits.controlRequestBytes) };
    await expect(askNode(folder, 'take', long)).rejects.toThrow(coded('control-malformed'));
    for (const body of ['[]', '{', '1']) {
      const answer = await new Promise<string>((resolve, reject) => {
        const asked = request({ socketPath: controlSocketPath(folder), path: '/take', method: 'POST' }, (response) => {
          response.on('data', (part: Buffer) => resolve(part.toString()));
        });
        asked.once('error', reject);
        asked.end(body);
      });
      expect(answer).toContain('control-malformed');
    }
  });

  test('a home node that ends before its answer is told as that, not as a result', async () => {
    let begun = (): void => undefined;
    const asked = new Promise<void>((resolve) => {
      begun = resolve;
    });
    await listen({
      wait: async () => {
        begun();
        return await new Promise(() => undefined);
      },
    });
    const answer = askNode(folder, 'wait');
    await asked;
    server?.cut();
    await expect(answer).rejects.toThrow(coded('control-broken'));
  });

  test('and one that is killed in the middle of its answer too', async () => {
    const half = createServer((_, response) => {
      response.write('{"result": [1, 2');
      response.socket?.end();
    });
    await new Promise<void>((resolve) => half.listen(controlSocketPath(folder), resolve));
    await expect(askNode(folder, 'status')).rejects.toThrow(coded('control-broken'));
    await new Promise((resolve) => half.close(resolve));
  });

  test('without a home node the way to start one is said', async () => {
    await expect(askNode(folder, 'status')).rejects.toThrow(coded('not-running'));
  });

  test('a home node that listens for another user is named as that', async () => {
    await listen({});
    // Root may open everything, so it becomes nobody for the moment of the call.
    const isRoot = process.getuid?.() === 0;
    if (isRoot) process.seteuid?.(65_534);
    else chmodSync(controlSocketPath(folder), 0);
    try {
      await expect(askNode(folder, 'status')).rejects.toThrow(coded('control-denied'));
    } finally {
      if (isRoot) process.seteuid?.(0);
    }
  });

  test('cannot be made in a folder that is gone', async () => {
    await expect(ControlServer.listen(join(folder, 'gone'), {})).rejects.toThrow(coded('control'));
  });

  test('a folder whose path is too long for a socket is refused by that name', () => {
    expect(() => controlSocketPath(join(folder, 'x'.repeat(100)))).toThrow(coded('folder-path-too-long'));
  });
});
