// The night of the matrix: every sender brings a whole night to every home while home is asleep, everything that was
// signed and judged in the evening is delivered sixteen hours later, and what became of each is told by home's own lines.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readSecret } from '../../../../home-node/receipts/secret.ts';
import { secretText, serviceSecret } from '../../../../home-node/receipts/service-receipts.ts';
import { makeCertificates } from '../../certificates.ts';
import { Domain } from '../../domain.ts';
import { freePort } from '../../ports.ts';
import { ask, Program, until } from '../../processes.ts';
import { linesOf } from '../../recorded-domain.ts';
import type { Kind } from './activities.ts';
import { bundleEveningEdge } from './edge-of-the-evening.ts';
import { timesKept } from './embedded-store.ts';
import type { Home } from './kinds-of-home.ts';

export const absenceMs = 16 * 3_600_000;

export interface Sent {
  readonly sender: string;
  readonly home: Home;
  readonly kind: Kind | 'awake';
  readonly status: number;
  /** Of the activity, and of who brought it. */
  readonly id: string;
  readonly actor: string;
}

/** What home said of one delivery. */
export interface Fate {
  readonly outcome: string;
  readonly reason: string;
}

const entry = 'test/support/home-with-set-clock.ts';

export class NightOfPeers {
  readonly domain: Domain;
  readonly homes: readonly Home[];
  senders: readonly string[] = [];
  readonly #folder: string;
  readonly #sending: Program;
  readonly #services: readonly Program[];
  readonly #clockOff: string;

  private constructor(parts: {
    folder: string;
    domain: Domain;
    homes: readonly Home[];
    sending: Program;
    services: readonly Program[];
  }) {
    this.#folder = parts.folder;
    this.domain = parts.domain;
    this.homes = parts.homes;
    this.#sending = parts.sending;
    this.#services = parts.services;
    this.#clockOff = join(parts.folder, 'clock-off');
  }

  /** In the evening: home has come up and gone to sleep. */
  static async open(homes: readonly Home[]): Promise<NightOfPeers> {
    const folder = mkdtempSync(join(tmpdir(), 'porchlight-matrix-'));
    // The embedded home is at the domain itself.
    const subdomains = homes.filter(({ isEmbedded }) => !isEmbedded).map(({ name }) => name);
    const certificates = await makeCertificates(
      folder,
      subdomains.map((name) => `${name}.localhost`),
    );
    const environment = { NODE_EXTRA_CA_CERTS: certificates.caFile };
    const port = await freePort();
    const tls = ['--key', certificates.keyFile, '--cert', certificates.certFile];
    const program = 'test/support/peers/matrix/senders.ts';
    const evening = { ...environment, EVENING_OFF: String(-absenceMs) };
    const authorsPort = await freePort();
    const listening = ['--port', String(port), '--authors-port', String(authorsPort)];
    const sending = new Program('senders', [program, ...listening, ...tls], evening);
    await sending.line((line) => line.ready === true, 60_000);
    const ports = Object.fromEntries(
      await Promise.all(homes.map(async ({ name }) => [name, await freePort()] as const)),
    ) as Record<string, number>;
    const worker = join(folder, 'evening.js');
    await bundleEveningEdge(worker, -absenceMs);
    const domain = await Domain.start({
      folder,
      certificates,
      peerOrigins: [`https://localhost:${port}`, `https://localhost:${authorsPort}`],
      subdomains,
      servicesToml: (host) =>
        [
          '[log]\nformat = "json"',
          ...homes.map((home) => home.toml(home.isEmbedded ? host : `${home.name}.${host}`, ports[home.name] ?? 0)),
        ].join('\n'),
      edgeProgram: [join(import.meta.dirname, '../../../../local/edge.ts'), '--bundle', worker],
    });
    const served = homes
      .filter(({ isEmbedded }) => !isEmbedded)
      .map(({ name, software, hasHook }) => {
        return { name, software, hasHook, port: ports[name] ?? 0, origin: `https://${name}.${domain.host}` };
      });
    const secretFile = (name: string): string => join(folder, `secret-of-${name}`);
    const start = (name: string, some: readonly object[], flags: readonly string[], env: Record<string, string>) => {
      const args = ['--homes', JSON.stringify(some), '--record', join(folder, 'record.jsonl')];
      return new Program(name, [...flags, 'test/support/peers/matrix/homes.ts', ...args], { ...environment, ...env });
    };
    const hook = ['--import', './home-node/hooks/porchlight-hook.mjs'];
    const services = [
      start(
        'services',
        served.filter(({ hasHook }) => !hasHook),
        [],
        {},
      ),
      ...served
        .filter(({ hasHook }) => hasHook)
        .map((one) => start(one.name, [one], hook, { PORCHLIGHT_RECEIPT_SECRET_FILE: secretFile(one.name) })),
    ];
    for (const program of services) await program.line((line) => line.ready === true, 60_000);
    const made = new NightOfPeers({ folder, domain, homes, sending, services });
    made.senders = await ask<string[]>(sending, 'names');
    made.#wake(-absenceMs);
    // The edge judges by what home left: before that it has no inbox for anybody.
    const [first = ''] = made.senders;
    for (const home of homes) {
      await until(`an inbox for ${home.name}`, async () => ((await made.forged(first, home)) === 401 ? true : null));
    }
    await domain.sleep();
    // As `porchlight hook` gives it to the service's owner.
    const secret = readSecret(join(domain.homeFolder, 'receipt-secret'));
    for (const { name } of served.filter(({ hasHook }) => hasHook)) {
      writeFileSync(secretFile(name), secretText(serviceSecret(secret, name)), { mode: 0o600 });
    }
    return made;
  }

  /** All senders at once, each to one home after another. */
  async evening(): Promise<readonly Sent[]> {
    const all = await Promise.all(
      this.senders.map(async (sender) => {
        const sent: Sent[] = [];
        for (const home of this.homes) {
          const steps = await ask<Omit<Sent, 'sender' | 'home'>[]>(this.#sending, 'night', this.#order(sender, home));
          sent.push(...steps.map((step) => ({ sender, home, ...step })));
        }
        return sent;
      }),
    );
    return all.flat();
  }

  /** The status that the edge gives a body that was changed on its way. */
  async forged(sender: string, home: Home): Promise<number> {
    return await ask<number>(this.#sending, 'forged', this.#order(sender, home));
  }

  /** Sixteen hours later, for everybody: the edge is today's, and home wakes. */
  async morning(): Promise<void> {
    await this.domain.killEdge();
    this.domain.useEdge();
    await this.domain.startEdge();
    await ask(this.#sending, 'off', { offMs: 0 });
    this.#wake(0);
  }

  /** One more while home is awake. */
  async fresh(sender: string, home: Home): Promise<Sent> {
    const sent = await ask<Pick<Sent, 'status' | 'id' | 'actor'>>(this.#sending, 'fresh', this.#order(sender, home));
    return { sender, home, kind: 'awake', ...sent };
  }

  /**
   * Of each of these, in their order, once home has said it of all that the edge took. What somebody altered may be put off
   * for longer than is waited for: that it was, is its fate.
   */
  async fates(all: readonly Sent[]): Promise<readonly Fate[]> {
    return await until('what became of everything', () => this.#fatesNow(all), 120_000, 100);
  }

  /** null: home has not said it of all. */
  #fatesNow(all: readonly Sent[]): readonly Fate[] | null {
    const { said, putOff } = this.#said();
    const next = new Map<string, number>();
    const fates = all.map(({ home, actor, kind, status }): Fate | null => {
      if (status !== 202) return { outcome: 'refused', reason: `the edge answered ${status}` };
      const line = `${home.name} ${actor}`;
      const at = next.get(line) ?? 0;
      next.set(line, at + 1);
      return said.get(line)?.[at] ?? (kind === 'altered' ? (putOff.get(line) ?? null) : null);
    });
    const known = fates.filter((fate) => fate !== null);
    return known.length === all.length ? known : null;
  }

  /** Ids of what the homes took, by their own records, in their order. */
  recorded(home: Home): readonly string[] {
    return linesOf(join(this.#folder, 'record.jsonl'))
      .map((line) => JSON.parse(line) as { readonly home: string; readonly id: string })
      .filter((line) => line.home === home.name)
      .map(({ id }) => id);
  }

  /** How often the home has it, by its own record; null: it keeps nothing of this kind. */
  timesTaken({ home, kind, id, actor }: Sent): number | null {
    if (home.isEmbedded) return timesKept(this.domain.homeFolder, { kind, id, actor });
    return this.recorded(home).filter((one) => one === id).length;
  }

  async end(): Promise<void> {
    await this.domain.end();
    await this.#sending.kill();
    for (const program of this.#services) await program.kill();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #order(sender: string, { name, isEmbedded }: Home) {
    const base = `https://${isEmbedded ? '' : `${name}.`}${this.domain.host}`;
    const owner = `${base}/users/owner`;
    return { sender, name: `for-${name}`, inbox: `${base}/inbox`, owner, post: `${owner}/posts/1` };
  }

  #wake(offMs: number): void {
    writeFileSync(this.#clockOff, String(offMs));
    this.domain.startHome([], entry, { CLOCK_OFF: this.#clockOff });
  }

  /** Home's lines about deliveries, by service and actor: each delivery of one of them is told in the order of arrival. */
  #said(): { readonly said: ReadonlyMap<string, readonly Fate[]>; readonly putOff: ReadonlyMap<string, Fate> } {
    const said = new Map<string, Fate[]>();
    const putOff = new Map<string, Fate>();
    for (const text of this.domain.home.log.split('\n')) {
      if (!text.startsWith('{')) continue;
      const line = JSON.parse(text) as Record<string, string>;
      const { outcome, service, sender, message = '' } = line;
      const key = `${service} ${sender}`;
      const fate = { outcome: outcome ?? '', reason: message.replace('Not delivered: ', '') };
      if (outcome === 'later') putOff.set(key, fate);
      if (outcome !== 'delivered' && outcome !== 'dead') continue;
      putOff.delete(key);
      said.set(key, [...(said.get(key) ?? []), fate]);
    }
    return { said, putOff };
  }
}
