// The peers, in the order of the table.

import { bore } from './bore.ts';
import { chisel } from './chisel.ts';
import { frpHttp, frpTcp } from './frp.ts';
import type { Peer } from './peer.ts';
import { rathole } from './rathole.ts';
import { ssh } from './ssh.ts';
import { straight } from './straight.ts';

export const peers: readonly Peer[] = [frpHttp, frpTcp, chisel, rathole, bore, ssh, straight];
