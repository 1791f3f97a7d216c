// A stage with a service behind it: the real edge under the local runtime, the real client, the real loopback, and an
// HTTP server whose answers the test writes.

import { createServer, type RequestListener, type Server } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { vi } from 'vitest';
import { openStage, type Stage } from '../../../bench/link/stage.ts';
import { createLoopback, type Loopback } from '../../../home-node/carry/loopback.ts';
import { LinkClient, type LinkClientOptions, type LinkState } from '../../../home-node/link/client.ts';
import { systemTimers } from '../../../home-node/link/timers.ts';
import { systemRandom } from '../../../shared/clock.ts';

export interface Home {
  readonly client: LinkClient;
  readonly states: LinkState[];
}

export class LinkStage {
  readonly stage: Stage;
  readonly service: Server;
  readonly loopback: Loopback;
  readonly host: string;
  /** Times that the edge announced work. */
  works = 0;
  readonly #homes: LinkClient[] = [];

  private constructor(stage: Stage, service: Server) {
    this.stage = stage;
    this.service = service;
    this.host = new URL(stage.edge.origin).host;
    const url = `http://127.0.0.1:${(service.address() as AddressInfo).port}`;
    this.loopback = createLoopback([{ name: 'service', hosts: [this.host], url }]);
  }

  static async open(
    listener: RequestListener,
    tls?: { readonly key: string; readonly cert: string },
    versions?: readonly number[],
  ): Promise<LinkStage> {
    const service = createServer(listener);
    await new Promise<void>((resolve) => service.listen(0, '127.0.0.1', resolve));
    return new LinkStage(await openStage(tls, versions), service);
  }

  /** A home-node process with its link, not started. */
  home(change: Partial<LinkClientOptions> = {}): Home {
    const states: LinkState[] = [];
    const client = new LinkClient({
      edge: this.stage.edge.origin,
      homeId: this.stage.homeId,
      key: this.stage.privateKey,
      serve: this.loopback.serve,
      onWork: () => {
        this.works += 1;
      },
      onState: (state) => states.push(state),
      random: systemRandom,
      timers: systemTimers,
      ...change,
    });
    this.#homes.push(client);
    return { client, states };
  }

  async openHome(change: Partial<LinkClientOptions> = {}): Promise<Home> {
    const home = this.home(change);
    home.client.start();
    await vi.waitUntil(() => home.client.session !== null, { timeout: 15_000, interval: 10 });
    return home;
  }

  /** Not compressed on the way: the local runtime would hold back the beginning of a stream. */
  async get(path: string, init: RequestInit = {}): Promise<Response> {
    const headers = { 'Accept-Encoding': 'identity', ...(init.headers as Record<string, string> | undefined) };
    return await fetch(`${this.stage.edge.origin}${path}`, { redirect: 'manual', ...init, headers });
  }

  /** Of the newest home. */
  get session(): NonNullable<LinkClient['session']> {
    const session = this.#homes.at(-1)?.session ?? null;
    if (session === null) throw new Error('no home is connected');
    return session;
  }

  async presence(): Promise<{ readonly link: string }> {
    return (await (await this.get('/presence')).json()) as { link: string };
  }

  /** A connection to the edge as a visitor has it, for what fetch cannot do. */
  visitor(request: string | Buffer): Socket {
    const socket = connect(this.stage.edge.port, '127.0.0.1');
    socket.write(request);
    return socket;
  }

  /** Memory that workerd holds, bytes. */
  get edgePid(): number {
    const pid = this.stage.edge.workerdPid;
    if (pid === undefined) throw new Error('workerd does not run');
    return pid;
  }

  async close(): Promise<void> {
    for (const home of this.#homes) home.close();
    await this.loopback.close();
    this.service.closeAllConnections();
    await new Promise((resolve) => this.service.close(resolve));
    await this.stage.stop();
  }
}
