// The domain that `npm start` runs: edge, home and a neighbour, each a process of its own, and what can be done with
// them. Every step is said in a line.

import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { claimFileName } from '../home-node/claim-file.ts';
import type { HomeEvent } from '../home-node/home-parts.ts';
import { StartChild } from './start-child.ts';
import type { EdgeAnswer, EdgeQuestion } from './start-edge.ts';
import { StartNeighbour } from './start-neighbour.ts';
import { prepareFolder, type StartOptions } from './start-options.ts';

const root = join(import.meta.dirname, '..');
/** Bedtime bounds itself; this is for a home that does not even do that. */
const homeEndsMs = 30_000;
const edgeEndsMs = 10_000;

export class StartDomain {
  readonly #options: StartOptions;
  readonly #say: (line: string) => void;
  #neighbourPort = 0;
  #edge: StartChild<EdgeAnswer> | null = null;
  #home: StartChild<HomeEvent> | null = null;
  #neighbour: StartNeighbour | null = null;
  #answers: ((answer: EdgeAnswer) => void)[] = [];
  #needsClaim: boolean;
  #whenAwake: () => void = () => undefined;
  #goesToSleep = false;
  #ending = false;

  constructor(options: StartOptions, say: (line: string) => void) {
    this.#options = options;
    this.#say = say;
    // An edge whose data is gone does not know this home any more.
    this.#needsClaim = !(existsSync(join(options.folder, claimFileName)) && existsSync(this.#edgeFolder));
  }

  /** Starts the edge. Rejects when the port is taken or the edge cannot start; nothing is left running then. */
  async open(onEdgeLost: () => void): Promise<void> {
    await portIsFree(this.#options.port);
    this.#neighbourPort = await freePort();
    this.#goOn();
    prepareFolder(this.#options);
    await this.#startEdge(onEdgeLost);
    this.#goOn();
  }

  get homeIsAwake(): boolean {
    return this.#home !== null && !this.#goesToSleep;
  }

  /** Starts the home node; resolves when it answers visitors. Rejects when it cannot start. */
  async wake(): Promise<void> {
    if (this.#home !== null) return;
    this.#goOn();
    const { folder, domain } = this.#options;
    const args = ['--home', folder];
    if (this.#needsClaim) {
      this.#say(`It claims ${domain} at the edge, because it is new there.`);
      args.push('--claim', String(await this.#askEdge({ ask: 'claim-code', host: domain })));
    }
    this.#goOn();
    const program = join(root, 'home-node', 'main.ts');
    const home = new StartChild<HomeEvent>(program, args, join(folder, 'home.log'), (event) => this.#hear(event));
    this.#home = home;
    this.#goesToSleep = false;
    void home.exited.then((code) => this.#homeEnded(home, code));
    await this.#untilAwake(home);
    this.#needsClaim = false;
    this.#goOn();
  }

  /** Bedtime; resolves when home is down. */
  async sleep(): Promise<void> {
    if (this.#home === null) return;
    this.#goesToSleep = true;
    await this.#home.end(homeEndsMs);
  }

  /** Somebody on another server follows the owner. */
  async follow(): Promise<void> {
    const { domain, handle } = this.#options;
    this.#neighbour ??= await StartNeighbour.start(this.#neighbourPort, (type) =>
      this.#say(`Her server received your ${type}.`),
    );
    const status = await this.#neighbour.follow(`@${handle}@${domain}`);
    this.#say(`${this.#neighbour.handle} follows you; the edge answered ${status}.`);
    if (!this.homeIsAwake) await this.sayWaiting();
  }

  async sayWaiting(): Promise<void> {
    const { folder } = this.#options;
    const { homeId } = JSON.parse(readFileSync(join(folder, claimFileName), 'utf8')) as { homeId: string };
    const waiting = Number(await this.#askEdge({ ask: 'waiting', homeId }));
    this.#say(waiting === 1 ? '1 delivery waits at the edge.' : `${waiting} deliveries wait at the edge.`);
  }

  /** Everything, at whatever stage it is; home first: it has something to say to the edge. */
  async end(): Promise<void> {
    this.#ending = true;
    this.#neighbour?.end();
    await this.sleep();
    const edge = this.#edge;
    this.#edge = null;
    if (edge === null) return;
    edge.send({ ask: 'stop' } satisfies EdgeQuestion);
    await Promise.race([edge.exited, wait(edgeEndsMs)]);
    await edge.end(0);
  }

  /** For those who cannot wait. */
  kill(): void {
    this.#neighbour?.end();
    this.#home?.signal('SIGKILL');
    this.#edge?.signal('SIGKILL');
  }

  /** Throws after somebody wanted an end of it all: nothing may be started any more, nor be said to be there. */
  #goOn(): void {
    if (this.#ending) throw new Error('everything is ending.');
  }

  get #edgeFolder(): string {
    return join(this.#options.folder, 'edge');
  }

  async #startEdge(onLost: () => void): Promise<void> {
    const { folder, port } = this.#options;
    const devKeyOrigins = [`http://localhost:${this.#neighbourPort}`];
    const edge = new StartChild<EdgeAnswer>(
      join(import.meta.dirname, 'start-edge.ts'),
      [],
      join(folder, 'edge.log'),
      (answer) => this.#answers.shift()?.(answer),
    );
    this.#edge = edge;
    void edge.exited.then(() => {
      for (const tell of this.#answers.splice(0)) tell({ failed: `the edge ended:\n${edge.lastWords()}` });
      if (this.#edge !== edge) return;
      this.#edge = null;
      onLost();
    });
    await this.#askEdge({ port, dataDir: this.#edgeFolder, devKeyOrigins });
  }

  /** Answers come in the order of questions. */
  async #askEdge(question: object): Promise<string | number> {
    const answer = await new Promise<EdgeAnswer>((resolve) => {
      this.#answers.push(resolve);
      this.#edge?.send(question);
    });
    if ('failed' in answer) throw new Error(answer.failed);
    return answer.answer;
  }

  async #untilAwake(home: StartChild<HomeEvent>): Promise<void> {
    const told = new Promise<void>((resolve) => {
      this.#whenAwake = resolve;
    });
    await Promise.race([told, home.exited]);
    if (this.#home !== home) throw new Error(`home ended:\n${home.lastWords()}`);
  }

  #hear(event: HomeEvent): void {
    if (event.event === 'awake') this.#whenAwake();
    if (event.event === 'delivered') {
      const { deliveries } = event;
      this.#say(deliveries === 1 ? '1 delivery reached home.' : `${deliveries} deliveries reached home.`);
    }
    if (event.event === 'asleep') {
      this.#say(`Home sleeps; ${event.pages} pages were left with the edge, which takes what comes until home wakes.`);
    }
  }

  #homeEnded(home: StartChild<HomeEvent>, code: number | null): void {
    if (this.#home === home) this.#home = null;
    if (!this.#goesToSleep) this.#say(`Home ended (${code ?? 'killed'}); see ${home.logFile}.`);
  }
}

async function wait(ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms).unref());
}

async function portIsFree(port: number): Promise<void> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const taken = error.code === 'EADDRINUSE';
      reject(taken ? new Error(`port ${port} is taken by another program; choose another by --port.`) : error);
    });
    server.listen(port, '127.0.0.1', () => server.close(() => resolve()));
  });
}

async function freePort(): Promise<number> {
  const server = createServer();
  return await new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}
