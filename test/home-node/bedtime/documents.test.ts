// What peers ask for at night: in which order it is named to the edge, how far it goes, and where it ends.

import { beforeEach, describe, expect, test } from 'vitest';
import { type DocumentService, warmDocuments } from '../../../home-node/bedtime/documents.ts';
import { createLog } from '../../../home-node/log.ts';
import { systemClock } from '../../../shared/clock.ts';
import { limits } from '../../../shared/limits.ts';
import type { DocumentLink, Warming } from '../../../shared/warming.ts';

const host = 'social.example';
let said: string[];
let calls: [Warming, readonly string[]][];
/** What each document leads to. */
let links: Record<string, readonly DocumentLink[]>;

beforeEach(() => {
  said = [];
  calls = [];
  links = {};
});

function link(text: string): DocumentLink {
  const [kind, path = ''] = text.split(' ');
  return { kind: kind as DocumentLink['kind'], path };
}

async function warmed(service: Partial<DocumentService> = {}, most = 1000, signal = AbortSignal.timeout(5000)) {
  const log = createLog('warn', systemClock, (line) => said.push(line));
  return await warmDocuments({
    log,
    service: {
      hosts: [host],
      actors: [`https://${host}/users/me`],
      authorizedFetch: false,
      instanceActors: [],
      ...service,
    },
    most,
    signal,
    warm: async (at, paths, as) => {
      expect(at).toBe(host);
      calls.push([as, paths]);
      return await Promise.resolve({ refused: [], links });
    },
  });
}

const asked = (): string[] => calls.flatMap(([, paths]) => paths);

describe('what peers ask for', () => {
  test('is found as a peer would find it, actors first, each once', async () => {
    links = {
      '/users/me': ['outbox /outbox', 'featured /featured', 'index /followers', 'media /face.png', 'page /@me'].map(
        link,
      ),
      '/outbox': [link('first /outbox?page=1')],
      '/outbox?page=1': ['activity /notes/1/activity', 'object /notes/1', 'page /@me/1', 'next /outbox?page=2'].map(
        link,
      ),
      '/featured': ['object /notes/1', 'object /notes/0'].map(link),
      '/notes/1': ['replies /notes/1/replies', 'media /1.webp', 'object /users/me'].map(link),
    };
    expect(await warmed({ instanceActors: ['/actor'] })).toBe(15);
    expect(calls[0]).toEqual(['activitypub', ['/users/me']]);
    const at = (path: string): number => asked().indexOf(path);
    expect(at('/outbox')).toBeLessThan(at('/notes/1'));
    expect(at('/notes/1')).toBeLessThan(at('/notes/1/replies'));
    expect(at('/face.png')).toBeLessThan(at('/1.webp'));
    expect(new Set(asked()).size).toBe(asked().length);
    const ways = Object.fromEntries(calls.flatMap(([as, paths]) => paths.map((path) => [path, as])));
    expect(ways).toMatchObject({ '/actor': 'open-activitypub', '/face.png': 'media', '/@me': 'page' });
  });

  test('does not go into who follows whom, and not down an outbox without end', async () => {
    links = {
      '/users/me': [link('index /followers'), link('outbox /outbox')],
      '/followers': [link('first /followers?1')],
    };
    links['/outbox'] = [link('first /outbox?0')];
    for (let page = 0; page < 50; page += 1) links[`/outbox?${page}`] = [link(`next /outbox?${page + 1}`)];
    await warmed();
    expect(asked()).toContain('/followers');
    expect(asked()).not.toContain('/followers?1');
    expect(asked().filter((path) => path.startsWith('/outbox?'))).toEqual(['/outbox?0', '/outbox?1']);
  });

  test('has posts that the service names after the lists that actors lead to, limits.warmPosts at most', async () => {
    links['/users/me'] = [link('outbox /outbox')];
    const posts = Array.from({ length: 3 * limits.warmPosts }, (_, n) => `https://${host}/notes/${n}`);
    await warmed({ posts: ['https://elsewhere.example/1', ...posts] });
    expect(asked().slice(0, 2)).toEqual(['/users/me', '/outbox']);
    expect(asked().filter((path) => path.startsWith('/notes/'))).toHaveLength(limits.warmPosts - 1);
  });

  test('ends at limits.warmDocuments, however much there is', async () => {
    const many = (from: number): DocumentLink[] =>
      Array.from({ length: limits.documentLinks }, (_, n) => link(`object /notes/${from + n}`));
    links['/users/me'] = many(0);
    for (let n = 0; n < 20 * limits.warmDocuments; n += 1) links[`/notes/${n}`] = many(1000 * n);
    expect(await warmed({}, limits.warmDocuments)).toBe(limits.warmDocuments);
    expect(asked()).toHaveLength(limits.warmDocuments);
    for (const [, paths] of calls) expect(paths.length).toBeLessThanOrEqual(limits.warmPaths);
  });

  test('of a service that wants signatures is asked for a few at a time', async () => {
    links['/users/me'] = Array.from({ length: 30 }, (_, n) => link(`object /notes/${n}`));
    await warmed({ authorizedFetch: true });
    expect(asked()).toHaveLength(31);
    for (const [, paths] of calls) expect(paths.length).toBeLessThanOrEqual(limits.warmSignedPaths);
  });

  test('is nothing where no account is known, at another host, or when there is no time', async () => {
    expect(await warmed({ actors: [], instanceActors: ['/actor'] })).toBe(0);
    expect(await warmed({ actors: ['https://evil.example/users/me', 'no address'] })).toBe(0);
    expect(await warmed({}, 100, AbortSignal.abort())).toBe(0);
    expect(calls).toEqual([]);
  });

  test('ends with the first call at an edge that takes everything for a page', async () => {
    const log = createLog('warn', systemClock, (line) => said.push(line));
    let times = 0;
    const service = {
      hosts: [host],
      authorizedFetch: false,
      instanceActors: ['/actor'],
      actors: [`https://${host}/me`],
    };
    const warm = async () => {
      times += 1;
      return await Promise.resolve({ refused: [] });
    };
    expect(await warmDocuments({ log, service, most: 100, signal: AbortSignal.timeout(5000), warm })).toBe(1);
    expect(times).toBe(1);
  });

  test('that cannot be left is said once and is no reason to stay awake', async () => {
    const log = createLog('warn', systemClock, (line) => said.push(line));
    const service = { hosts: [host], authorizedFetch: false, instanceActors: [], actors: [`https://${host}/me`] };
    const warm = async () => await Promise.reject(new Error('the edge is away'));
    expect(await warmDocuments({ log, service, most: 100, signal: AbortSignal.timeout(5000), warm })).toBe(0);
    expect(said.filter((line) => line.includes('the edge is away'))).toHaveLength(1);
  });
});
