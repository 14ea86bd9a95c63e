import type { Static } from 'typebox';
import type { Caller } from './caller.ts';
import type { AnyService, OperationName } from './contract.ts';
import type { FaultDetail, KernelFault } from './fault.ts';
import type { Filter, Placed, Provider } from './provider.ts';
import type { Bytes, RequestContext } from './session.ts';

type Keys<T> = Extract<keyof T, string>;
type OneOf<T> = T extends readonly (infer X extends string)[] ? X : never;
type Op<S extends AnyService, O extends OperationName<S>> = S['operations'][O];

/** What a handler gets. `charge`, `emit` and `fail` accept only what the operation declared. What it does knows its call by `this`. */
export interface Call<S extends AnyService = AnyService, O extends OperationName<S> = OperationName<S>> {
  readonly caller: Caller;
  readonly ref: { readonly kind: string; readonly name: string };
  readonly input: Static<Op<S, O>['input']>;
  /** The caller's bytes, for operations whose body is 'in' or 'both'. */
  readonly body: Bytes | undefined;
  readonly signal: AbortSignal;
  /** Milliseconds since 1970, read once for the call. */
  readonly now: number;
  readonly requestId: string;
  /** For keyed operations: the key, and the open transaction that the stored reply commits with. */
  readonly repeat: Repeated | undefined;
  /** What the door said of the request besides its input. */
  readonly context: RequestContext;
  /** Adds to a declared meter, of the caller's scope or another's; may go on while the body streams out. */
  charge(this: object, meter: OneOf<Op<S, O>['charge']>, amount: number, payer?: Placed): void;
  emit(this: object, event: OneOf<Op<S, O>['emits']>, data: unknown): void;
  fail(this: object, code: OneOf<Op<S, O>['errors']> | KernelFault, detail?: string | FaultDetail): never;
  /** Decides another operation on another resource for the same caller (DeleteObjects decides per key); throws Denied. */
  also<P extends OperationName<S>>(this: object, operation: P, name: string, input?: unknown): Promise<void>;
  /**
   * Throws Denied where the caller names a key that it may not use, by ARN or id: of its own organization, or of `owner` whose
   * data is to lie under it. A key that is not there passes: whoever seals under it says so.
   */
  useKey(this: object, named: string, owner?: bigint): Promise<void>;
  /**
   * Has this call recorded by itself, with a detail, before its reply, where its class would only count it; or, in a call whose
   * class is `from-log`, what it read elsewhere on the way.
   */
  recordAlone(
    this: object,
    detail: Readonly<Record<string, unknown>>,
    of?: { readonly operation: OperationName<S>; readonly name: string },
  ): void;
  /** What a list may show: the resources on which the same caller may do one of these operations, and is forbidden none. */
  visible(this: object, ...operations: readonly OperationName<S>[]): Filter;
}

/** The idempotency key of a keyed call; `transaction` is the SQL transaction (or the service's own) that the effect must join. */
export type Repeated = { readonly key: string; readonly transaction: unknown };

/** What a handler returns: the output, and a body where the operation streams one. */
export type Reply<S extends AnyService, O extends OperationName<S>> = { output: Static<Op<S, O>['output']>; body?: Bytes };

export type Handlers<S extends AnyService> = { [O in OperationName<S>]: (call: Call<S, O>) => Promise<Reply<S, O>> };
export type Providers<S extends AnyService> = {
  [R in Keys<S['resources']> as S['resources'][R]['owner'] extends 'service' ? R : never]: Provider;
};
