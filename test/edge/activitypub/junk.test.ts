// What no inbox can read: refused before anybody is asked about it.

import { describe, expect, test } from 'vitest';
import { answerActivityPub } from '../../../edge/activitypub/routes.ts';
import { limits } from '../../../shared/limits.ts';
import { altered, cavage } from '../../shared/signature/signing.ts';
import { bytesOf, inbox, utf8 } from './home.ts';
import { alice, body, follow, inboxRig, letter, mallory } from './inbox-rig.ts';

const rig = inboxRig();

describe('junk leaves no row, and nobody is asked about it', () => {
  test.each<[string, number, () => Uint8Array<ArrayBuffer>]>([
    ['10 MB', 413, () => new Uint8Array(10 * 1024 * 1024).fill(0x20)],
    ['one byte too many', 413, () => new Uint8Array(limits.inboxBodyBytes + 1).fill(0x20)],
    ['nothing', 400, () => new Uint8Array(0)],
    ['invalid UTF-8', 400, () => Uint8Array.from([...body.slice(0, -2), 0xc3, 0x28, 0x22, 0x7d])],
    ['UTF-16', 400, () => Uint8Array.of(0xff, 0xfe, 0x7b, 0x00, 0x7d, 0x00)],
    ['a byte order mark', 400, () => Uint8Array.from([0xef, 0xbb, 0xbf, ...body])],
    ['JSON nested 10,000 deep', 400, () => utf8(`{"actor":"${alice}","a":${'['.repeat(10_000)}${']'.repeat(10_000)}}`)],
    ['brackets without end', 400, () => utf8('['.repeat(1_000_000))],
    ['not JSON', 400, () => utf8('actor=alice')],
    ['half of JSON', 400, () => body.slice(0, 20)],
    ['a list', 400, () => bytesOf([follow])],
    ['a string', 400, () => bytesOf('hello')],
    ['null', 400, () => bytesOf(null)],
    ['no actor', 400, () => bytesOf({ type: 'Follow' })],
    ['an actor without id', 400, () => bytesOf({ ...follow, actor: { type: 'Person' } })],
    ['two actors', 400, () => bytesOf({ ...follow, actor: [alice, mallory] })],
    ['an actor without end', 400, () => bytesOf({ ...follow, actor: `${alice}/${'a'.repeat(limits.addressLength)}` })],
    ['an actor on two lines', 400, () => bytesOf({ ...follow, actor: `${alice}\nadmin: all is well` })],
    ['an actor with a space', 400, () => bytesOf({ ...follow, actor: `${alice} ` })],
    ['a number for an actor', 400, () => bytesOf({ ...follow, actor: 7 })],
  ])('%s is answered %i, signed or not', async (_, status, make) => {
    const content = make();
    const signed = await cavage(rig.signers.alice, { ...letter, body: content });
    await rig.expectRefused(status, signed, content);
    await rig.expectRefused(status, altered(signed, { signature: undefined }), content);
    expect(rig.internet.asked).toEqual([]);
  });

  test('a body within the limit, as deep as limits.jsonDepth, is taken', async () => {
    const deep = (levels: number) =>
      utf8(`{"actor":"${alice}","s":"[[[\\"{{","a":${'['.repeat(levels)}${']'.repeat(levels)}}`);
    const content = deep(limits.jsonDepth - 1);
    expect((await rig.send(await cavage(rig.signers.alice, { ...letter, body: content }), content)).status).toBe(202);
    const deeper = deep(limits.jsonDepth);
    expect((await rig.send(await cavage(rig.signers.alice, { ...letter, body: deeper }), deeper)).status).toBe(400);
  });

  test('a body without a length that never ends is cut off', async () => {
    let sent = 0;
    const stream = new ReadableStream<Uint8Array>({
      pull(controller) {
        sent += 65_536;
        controller.enqueue(new Uint8Array(65_536));
      },
    });
    const request = new Request(`https://home.example${inbox}`, { method: 'POST', body: stream });
    const response = await answerActivityPub(rig.reports.ports, rig.home, request);
    expect(response?.status).toBe(413);
    expect(sent).toBeLessThan(limits.inboxBodyBytes + 4 * 65_536);
  });

  test('headers longer than limits.deliveryHeaderBytes are answered 413', async () => {
    const long = { 'x-long': 'x'.repeat(limits.deliveryHeaderBytes) };
    await rig.expectRefused(413, altered(await cavage(rig.signers.alice, letter), long));
  });
});
