import { describe, expect, test } from 'vitest';
import { dnsOverHttps, type Fetcher } from '../../../edge/http/resolve.ts';

const endpoint = 'https://resolver.example/dns-query';
const forever = new AbortController().signal;
const answering = (answer: (type: string) => Response | Promise<Response>): Fetcher => {
  return async (request) => await answer(new URL(request.url).searchParams.get('type') ?? '');
};
const resolve = (fetcher: Fetcher, signal = forever) => dnsOverHttps(endpoint, fetcher).resolve('peer.example', signal);

describe('dnsOverHttps()', () => {
  test('asks for both kinds of address, in JSON, and returns those at the end of the chain', async () => {
    const asked: string[] = [];
    const resolution = await resolve(async (request) => {
      asked.push(`${request.url} ${request.headers.get('Accept')}`);
      const isIpv4 = request.url.endsWith('type=A');
      const cname = { name: 'peer.example.', type: 5, TTL: 1, data: 'front.example.' };
      const record = {
        name: 'front.example.',
        type: isIpv4 ? 1 : 28,
        TTL: 1,
        data: isIpv4 ? '192.0.2.1' : '2001:db8::1',
      };
      return Response.json({ Status: 0, Answer: [cname, record] });
    });
    expect(resolution).toEqual({ resolved: 'addresses', addresses: ['192.0.2.1', '2001:db8::1'] });
    expect(asked).toEqual([
      `${endpoint}?name=peer.example&type=A application/dns-json`,
      `${endpoint}?name=peer.example&type=AAAA application/dns-json`,
    ]);
  });

  test.each<[string, (type: string) => unknown]>([
    ['does not exist', () => ({ Status: 3 })],
    ['has no address', () => ({ Status: 0 })],
    ['has records of other types only', () => ({ Status: 0, Answer: [{ type: 16, data: '192.0.2.1' }, null, 7] })],
  ])('a name that %s is no such name', async (_, answer) => {
    expect(await resolve(answering((type) => Response.json(answer(type))))).toEqual({ resolved: 'no-such-name' });
  });

  test.each<[string, (type: string) => Response | Promise<Response>]>([
    ['SERVFAIL', () => Response.json({ Status: 2 })],
    ['a failure for one of the two', (type) => Response.json({ Status: type === 'A' ? 0 : 2 })],
    ['status 500', () => new Response('no', { status: 500 })],
    ['no JSON', () => new Response('no')],
    ['JSON of another shape', () => Response.json(null)],
    ['an endless answer', () => new Response(new ReadableStream({ pull: (c) => c.enqueue(new Uint8Array(65_536)) }))],
    ['no connection', () => Promise.reject(new TypeError('connection refused'))],
  ])('a resolver that gives %s is failing', async (_, answer) => {
    expect(await resolve(answering(answer))).toMatchObject({ resolved: 'failing' });
  });

  test('stops when it may no longer ask, even if the resolver never answers', async () => {
    const controller = new AbortController();
    const resolution = resolve(() => new Promise(() => undefined), controller.signal);
    controller.abort(new Error('time is up'));
    await expect(resolution).rejects.toThrow('time is up');
  });
});
