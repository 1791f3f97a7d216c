// A service that hangs: it takes requests and answers none. It must not hold the streams that others live on.

import { expect, test } from 'vitest';
import { limits } from '../../../shared/limits.ts';
import { cancelOf } from '../../../shared/link/codec.ts';
import { HandClock } from '../home/directory-database.ts';
import { LinkRig } from './link-rig.ts';

const site = 'https://site.example';

test('when a hanging service holds every stream, the oldest request gives way to each new one', async () => {
  const rig = await LinkRig.open();
  const clock = new HandClock();
  await rig.inside((object) => {
    object.outside.clock = clock;
  });
  const { socket: home } = await rig.openLink();
  const hanging = [];
  for (let n = 0; n < limits.linkStreams; n++) hanging.push(rig.carry(new Request(`${site}/${n}`)));
  const ids: number[] = [];
  for (let n = 0; n < limits.linkStreams; n++) ids.push((await home.request()).id);
  clock.advance(limits.carryHeadCrowdedMs - 1);
  expect(await rig.carry(new Request(`${site}/early`))).toEqual({ failed: 'busy' });
  clock.advance(1);
  for (const path of ['/first', '/second']) {
    const answer = rig.carried(new Request(`${site}${path}`));
    const cancelled = await home.next('CANCEL');
    expect([cancelled.stream, cancelOf(cancelled).code]).toEqual([ids.shift(), 'too-late']);
    expect(await hanging.shift()).toEqual({ failed: 'timeout' });
    const { id, head } = await home.request();
    expect(head.path).toBe(path);
    home.respond(id, 'alive');
    expect(await (await answer).text()).toBe('alive');
    // The stream is free again: what holds it next is as young as can be.
    hanging.push(rig.carry(new Request(`${site}/more`)));
    ids.push((await home.request()).id);
  }
  home.close();
  const rest = await Promise.all(hanging);
  expect(rest.every((result) => 'failed' in result && result.failed === 'lost')).toBe(true);
});
