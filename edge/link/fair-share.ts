// Which WebSocket gives way when there is no place for another. An idle one costs its visitor nothing and may stay all day,
// so that places are shared out by network: whoever holds most gives, and nobody by opening more than others shuts them out.
// Pure.

export interface Placed {
  /** Whose it is (edge/http/public-address.ts, networkOf). */
  readonly network: string;
  /** When anything last moved on it, ms since the epoch. */
  readonly movedAt: number;
}

/** The one that has been still for longest, if since `idleSince` or before. */
export function longestStill<S extends Placed>(all: Iterable<S>, idleSince = Number.POSITIVE_INFINITY): S | null {
  let longest: S | null = null;
  for (const one of all) if (longest === null || one.movedAt < longest.movedAt) longest = one;
  return longest !== null && longest.movedAt <= idleSince ? longest : null;
}

/**
 * All places are taken. Of the network that holds most, one gives way however busy it is, if that network still has as many
 * as the newcomer's afterwards; otherwise whichever has been still since `idleSince`. null: none.
 */
export function givesWay<S extends Placed>(all: Iterable<S>, newcomer: string, idleSince: number): S | null {
  const byNetwork = new Map<string, S[]>([[newcomer, []]]);
  for (const one of all) {
    const others = byNetwork.get(one.network);
    if (others === undefined) byNetwork.set(one.network, [one]);
    else others.push(one);
  }
  const own = byNetwork.get(newcomer)?.length ?? 0;
  const [most = []] = [...byNetwork.values()].sort((a, b) => b.length - a.length);
  return most.length > own + 1 ? longestStill(most) : longestStill([...byNetwork.values()].flat(), idleSince);
}
