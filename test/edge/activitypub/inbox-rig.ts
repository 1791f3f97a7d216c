// An inbox before which tests put deliveries, honest and forged: a home that sleeps, two honest peers, one that is not,
// and their key servers. Everything is new for each test.

import { beforeAll, beforeEach, expect } from 'vitest';
import { answerActivityPub } from '../../../edge/activitypub/routes.ts';
import type { SignedRequest } from '../../../shared/signature/request.ts';
import { type Letter, rsaSigner, type Signer } from '../../shared/signature/signing.ts';
import { Internet } from '../http/internet.ts';
import { arriving, bytesOf, type Home, homeWith, inbox, portsOf, type Reports } from './home.ts';
import { actorOf, FakeClock, keysOn, night, serve } from './peer.ts';

export const alice = 'https://peer.example/users/alice';
export const bob = 'https://peer.example/users/bob';
export const mallory = 'https://evil.example/users/mallory';
export const follow = {
  id: `${alice}#follow/1`,
  type: 'Follow',
  actor: alice,
  object: 'https://home.example/users/owner',
};
export const body = bytesOf(follow);
export const letter: Letter = { host: 'home.example', path: inbox, body, at: night };
export const hour = 3_600_000;

/** What senders are told with each status. */
const codes: Readonly<Record<number, string>> = {
  400: 'malformed',
  401: 'unproven',
  403: 'blocked',
  413: 'too-large',
  503: 'try-again',
};

/** Call it once in a test file, outside of every test. */
export function inboxRig(): InboxRig {
  const rig = new InboxRig();
  beforeAll(async () => await rig.makeKeys());
  beforeEach(() => rig.begin());
  return rig;
}

class InboxRig {
  declare signers: Readonly<Record<'alice' | 'bob' | 'mallory' | 'stranger', Signer>>;
  declare internet: Internet;
  declare clock: FakeClock;
  declare home: Home;
  declare reports: Reports;

  async makeKeys(): Promise<void> {
    this.signers = {
      alice: await rsaSigner(`${alice}#main-key`),
      bob: await rsaSigner(`${bob}#main-key`),
      mallory: await rsaSigner(`${mallory}#main-key`),
      // Another key under Alice's address.
      stranger: await rsaSigner(`${alice}#main-key`),
    };
  }

  begin(): void {
    const { signers } = this;
    this.internet = new Internet();
    this.clock = new FakeClock();
    this.home = homeWith();
    this.reports = portsOf(keysOn(this.internet, this.clock), this.clock);
    serve(this.internet, 'peer.example', { [alice]: actorOf(signers.alice), [bob]: actorOf(signers.bob) });
    serve(this.internet, 'evil.example', { [mallory]: actorOf(signers.mallory) });
  }

  async send(signed: SignedRequest, content = body): Promise<Response> {
    const response = await answerActivityPub(this.reports.ports, this.home, arriving(signed, content));
    if (response === null) throw new Error('the lane did not answer');
    return response;
  }

  /** And leaves no row. */
  async expectRefused(status: number, signed: SignedRequest, content = body): Promise<Response> {
    const response = await this.send(signed, content);
    expect([response.status, await response.clone().json()]).toEqual([
      status,
      expect.objectContaining({ code: codes[status] }),
    ]);
    expect(this.home.spool.arrivals).toEqual([]);
    return response;
  }
}
