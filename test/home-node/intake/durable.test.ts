// What is waited for until it is on the disk. The disk itself is stood in for: a slow one and a failing one are not to
// be had at will.

import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { PorchlightError } from '../../../shared/errors.ts';
import { until } from '../../support/processes.ts';
import { allOf } from './all-of.ts';
import { House } from './house.ts';
import { plainAdapter } from './plain-adapter.ts';

let house: House;

beforeEach(async () => {
  house = await House.start({ troubleMs: 50 });
});

afterEach(async () => {
  await house.end();
});

const recognises = (by: string | null): void => {
  const adapter = { ...plainAdapter, deduplicatesBy: by };
  house.recipients.set('home', { name: 'home', adapter, origin: () => house.serviceOrigin });
};

/** A disk that takes its time: gives what lets it finish. */
function slowDisk(): () => void {
  const real = house.ledger.durable.bind(house.ledger);
  const { promise, resolve } = Promise.withResolvers<void>();
  vi.spyOn(house.ledger, 'durable').mockImplementation(async () => {
    await promise;
    await real();
  });
  return resolve;
}

/** A disk that fails so many times, and then works: gives how often it was asked. */
function failingDisk(times: number): () => number {
  const real = house.ledger.durable.bind(house.ledger);
  let calls = 0;
  vi.spyOn(house.ledger, 'durable').mockImplementation(async () => {
    calls += 1;
    if (calls <= times) throw new PorchlightError('ledger', 'Cannot write to the ledger: I/O error.');
    await real();
  });
  return () => calls;
}

const received = async (count: number): Promise<true> =>
  await until(`${count} at the service`, () => (house.service.received.length === count ? true : null));
const kept = async (): Promise<true> => await allOf(house, 'kept');
/** Long enough for any turn or delivery that should not be. */
const aMoment = async (): Promise<void> => await new Promise((resolve) => setTimeout(resolve, 400));

describe('the edge', () => {
  test('is told of no answer before the disk has it, and the next delivery does not wait for that', async () => {
    recognises('id');
    const finish = slowDisk();
    for (const body of ['a-1', 'a-2', 'a-3']) house.edge.put(Buffer.from(body), { sender: 'a' });
    house.connect();
    await received(3);
    await aMoment();
    expect(house.edge.answers).toEqual([]);
    finish();
    await kept();
  });

  test('is told later when the disk fails, and nothing is sent to the service again for that', async () => {
    recognises('id');
    const calls = failingDisk(2);
    house.edge.put(Buffer.from('a-1'));
    house.connect();
    await kept();
    expect(calls()).toBeGreaterThan(2);
    expect(house.service.bodies()).toEqual(['a-1']);
    expect(house.said.filter((line) => line.includes('I/O error')).length).toBe(2);
  });
});

describe('a service that does not recognise repetitions', () => {
  test('is sent nothing before the disk knows that it was begun', async () => {
    recognises(null);
    const finish = slowDisk();
    house.edge.put(Buffer.from('a-1'));
    house.connect();
    await until('begun', () => (house.points.some(([point]) => point === 'leased') ? true : null));
    await aMoment();
    expect(house.service.received).toEqual([]);
    finish();
    await received(1);
    await kept();
  });

  test('is sent nothing while the disk fails; it is given back and comes again', async () => {
    recognises(null);
    failingDisk(1);
    house.edge.put(Buffer.from('a-1'));
    house.connect();
    await kept();
    expect(house.service.bodies()).toEqual(['a-1']);
    expect(house.edge.answers.map(({ outcome }) => outcome)).toEqual(['released', 'delivered']);
    // It never was before the service, so that there is no doubt to speak of.
    expect(house.said.filter((line) => line.includes('in doubt'))).toEqual([]);
  });
});
