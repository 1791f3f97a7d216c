// The peers, in the order of the table.

import { chisel } from './chisel.ts';
import { frpHttp, frpTcp } from './frp.ts';
import type { Peer } from './peer.ts';

export const peers: readonly Peer[] = [frpHttp, frpTcp, chisel];
