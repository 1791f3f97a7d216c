// POST /.porchlight/v1/key: home changes its key by the old one. Sent again after it was done, by a home that never got
// the answer, it says that it is done: the old key proves nothing any more then, so the new key's own proof is what counts.

import { verifyKeyChange } from '../../shared/claim/key-change.ts';
import { PorchlightError } from '../../shared/errors.ts';
import { limits } from '../../shared/limits.ts';
import { problem } from '../http/problem.ts';
import { readBody } from '../http/read-body.ts';
import type { SpoolObject } from '../spool/object.ts';
import type { D1Directory } from './directory.ts';
import type { KeyDesk, KeyVerdict } from './key-desk.ts';
import type { KeyFence } from './key-fence.ts';
import { expectedOf, jsonOf, refusal, signatureOf } from './signed-call.ts';

export interface ChangeKeyParts {
  readonly directory: D1Directory;
  readonly keys: KeyDesk;
  readonly keyFence: KeyFence;
  readonly spoolObject: (homeId: string) => DurableObjectStub<SpoolObject>;
}

export async function changeKey(parts: ChangeKeyParts, request: Request): Promise<Response> {
  const { directory, keys, keyFence } = parts;
  const { host, origin } = new URL(request.url);
  const home = await directory.homeOfAnew(host);
  if (home === null) return problem(421, 'unknown-host');
  const { homeId, publicKey } = home;
  const bytes = await readBody(request, limits.keyChangeBytes);
  if (bytes === 'too-large') return problem(413, 'too-large');
  try {
    const change = await verifyKeyChange(jsonOf(bytes), { edge: origin, homeId });
    let verdict: KeyVerdict;
    if (change.publicKey.x === publicKey.x) {
      // Nothing but the new key was proved: nothing may be changed by this.
      verdict = await keys.judge(homeId, change);
      if (verdict === 'granted') verdict = 'key-not-current';
    } else {
      const jws = await signatureOf(request, publicKey);
      if (jws instanceof Response) return jws;
      const proved = await parts.spoolObject(homeId).authorise(jws, await expectedOf(request, bytes));
      if (!proved.ok) return refusal(proved);
      verdict = await keys.change(homeId, change);
    }
    if (verdict !== 'granted' && verdict !== 'already') return refused(verdict);
    directory.forget(home.hosts);
    await keyFence.changeTo(homeId, change.publicKey);
    const headers = { 'Cache-Control': 'no-store' };
    return Response.json({ key: change.to, already: verdict === 'already' }, { headers });
  } catch (thrown) {
    if (!(thrown instanceof PorchlightError)) throw thrown;
    return problem(thrown.code === 'key-change-proof' ? 403 : 400, thrown.code, { detail: thrown.message });
  }
}

function refused(verdict: Exclude<KeyVerdict, 'granted' | 'already'>): Response {
  switch (verdict) {
    case 'revoked':
    case 'key-revoked':
      return problem(403, verdict);
    case 'key-taken':
    case 'key-not-current':
      return problem(409, verdict);
  }
}
