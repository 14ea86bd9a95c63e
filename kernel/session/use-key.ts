import { fault } from '../contract/fault.ts';
import { keyContract, policyNameOf } from '../keys/key-use.ts';
import type { Runtime } from './runtime.ts';
import type { Standing } from './standing.ts';

type Using = { readonly runtime: Runtime; readonly standing: Standing; readonly requestId: string };

/** A key is used by those to whom policies on it say so; another organization's by nobody. */
export async function useKey({ runtime, standing, requestId }: Using, named: string, owner: bigint): Promise<void> {
  const isOwn = owner === standing.caller.tenant;
  const name = isOwn ? policyNameOf(runtime.snapshot, owner, named) : '';
  if (name === undefined) return;
  const refusal = isOwn ? standing.keyRefusal(name) : fault('Denied', 'A key is named by those of its organization.');
  if (!refusal) return;
  const key = { ...standing.windowKey('UseKey', name, refusal.code), service: keyContract.name, kind: 'Key' };
  await runtime.recordAudit({ ...key, at: runtime.now(), count: 1, bytes: 0, requestId }, false);
  throw refusal;
}
