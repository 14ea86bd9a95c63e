import type { More, Session } from '#kernel/contract/session.ts';
import type { storage } from '../../service.ts';
import type { Identified } from './authenticate.ts';
import type { ReplyId } from './reply.ts';
import type { S3Request } from './request.ts';

/** One request of an identified caller, to be answered by one operation. */
export type Exchange = {
  readonly request: S3Request;
  readonly identified: Identified;
  readonly session: Session<typeof storage>;
  readonly id: ReplyId;
  readonly region: string;
  /** The organization of a bucket's owner. */
  readonly tenantOf: (bucket: string) => string | undefined;
  /** The caller's scope in its external form, S3's canonical user; '' for callers without credential. */
  readonly owner: string;
  /** What goes with every operation: the signal of a client that goes away, the request's id, and what policies may look at. */
  readonly more: More;
};

/** Answers one operation. */
export type Answer = (exchange: Exchange) => Promise<void>;
