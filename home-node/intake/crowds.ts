// Addresses of which so much is in hand that more would only wait: a service that counts by addresses takes a few
// deliveries of each in a second. What a crowd leaves in hand must not keep home from asking for that of others, and no
// more of the servers behind that address is asked for until it has thinned out.

import type { Delivery } from '../../shared/delivery.ts';
import { peerOf } from '../../shared/peer.ts';

/** A server, as one of those that deliver to this service. */
export interface Peer {
  readonly service: string;
  readonly peer: string;
}

/** Deliveries of one address at which it becomes a crowd, and below which it is none any more. */
const crowdFrom = 16;
const crowdUntil = 8;

interface Crowd {
  readonly service: string;
  size: number;
  /** Server → its deliveries among them. */
  readonly peers: Map<string, number>;
  isCrowd: boolean;
}

export class Crowds {
  readonly #onThin: (service: string) => void;
  readonly #crowds = new Map<string, Crowd>();

  /** `onThin`: an address of this service is no crowd any more, so that more of it may be asked for. */
  constructor(onThin: (service: string) => void) {
    this.#onThin = onThin;
  }

  add(delivery: Delivery): void {
    const key = keyOf(delivery);
    const { service } = delivery;
    const crowd = this.#crowds.get(key) ?? { service, size: 0, peers: new Map<string, number>(), isCrowd: false };
    const peer = peerOf(delivery.sender);
    crowd.size += 1;
    crowd.peers.set(peer, (crowd.peers.get(peer) ?? 0) + 1);
    crowd.isCrowd ||= crowd.size >= crowdFrom;
    this.#crowds.set(key, crowd);
  }

  remove(delivery: Delivery): void {
    const key = keyOf(delivery);
    const crowd = this.#crowds.get(key);
    if (crowd === undefined) return;
    const peer = peerOf(delivery.sender);
    const others = (crowd.peers.get(peer) ?? 1) - 1;
    crowd.size -= 1;
    if (others === 0) crowd.peers.delete(peer);
    else crowd.peers.set(peer, others);
    if (crowd.size === 0) this.#crowds.delete(key);
    if (!crowd.isCrowd || crowd.size >= crowdUntil) return;
    crowd.isCrowd = false;
    this.#onThin(crowd.service);
  }

  /** Deliveries of this service in crowds. */
  size(service: string): number {
    let size = 0;
    for (const crowd of this.#crowds.values()) if (crowd.isCrowd && crowd.service === service) size += crowd.size;
    return size;
  }

  /** Whose deliveries stand in crowds. */
  peers(): Peer[] {
    return [...this.#crowds.values()].flatMap(({ isCrowd, service, peers }) =>
      isCrowd ? [...peers.keys()].map((peer) => ({ service, peer })) : [],
    );
  }
}

function keyOf({ service, remoteAddress }: Delivery): string {
  return `${service} ${remoteAddress ?? ''}`;
}
