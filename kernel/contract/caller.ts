import type { Face } from './contract.ts';

/** Who calls: tenant and scope are 63-bit ids; `principal` is the id in policy; `via` names the service acting for the caller. */
export type Caller = {
  readonly tenant: bigint;
  readonly scope: bigint;
  readonly principal: string;
  readonly credential: bigint;
  readonly face: Face;
  readonly via?: string;
};

/** Why a session ended; the door writes its dialect's goodbye. */
export type EndReason = 'revoked' | 'ended' | 'drain' | 'limit';
