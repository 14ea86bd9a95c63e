import { checksum } from '#wire/tigerbeetle/aegis.ts';
import type { EvictionReason } from '#wire/tigerbeetle/operation.ts';
import type { Who } from './session.ts';

/** What a client's request says, after its door has read it. */
export type Asked = {
  readonly who: Who;
  readonly client: bigint;
  readonly session: bigint;
  readonly number: number;
  readonly release: number;
  readonly operation: number;
  readonly checksum: bigint;
  readonly bodyChecksum: Uint8Array;
  readonly body: Buffer;
};

/** What a client is told. `held` means nothing for now: the request is on its way already, or may be asked again. */
export type Answer =
  | {
      readonly kind: 'reply';
      readonly op: bigint;
      readonly timestamp: bigint;
      readonly number: number;
      readonly operation: number;
      readonly request: bigint;
      readonly body: Buffer;
    }
  | { readonly kind: 'evict'; readonly reason: EvictionReason };
export type Deliver = (answer: Answer) => void;

const none = Buffer.alloc(0);

/** What an entry has of a client that none asked for. */
const unsent = { client: 0n, session: 0n, number: 0, release: 0, operation: 0 };
export const ours = { ...unsent, checksum: 0n, bodyChecksum: checksum(none), body: none };
