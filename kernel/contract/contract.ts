import type { Static, TSchema } from 'typebox';
import type { Fault } from './fault.ts';

/** What an operation does to the state of the world. */
export type Effect = 'read' | 'write';

/** How bytes travel beside the schema: none, from the caller, to the caller, or as a stream of changes. */
export type Body = 'none' | 'in' | 'out' | 'both' | 'watch';

/**
 * When the audit record is durable: before the reply; from the service's own durable log; or in a window record per
 * caller, operation, resource and second.
 */
export type AuditClass = 'before-reply' | 'from-log' | 'window';

/** What happens when the same request comes twice: harmless by nature, answered from the stored reply, or refused. */
export type Repeat = 'natural' | 'keyed' | 'refuse';

/** Where an operation is offered besides the service's own doors. */
export type Surface = 'rest' | 'cli' | 'console' | 'publishable';

/** Whether an operation speaks of one named resource, of the collection, or makes a new one (the name comes in the input). */
export type Target = 'item' | 'collection' | 'new';

export type Operation<
  R extends string = string,
  M extends string = string,
  Q extends string = string,
  E extends string = string,
  F extends string = string,
> = {
  readonly on: R;
  readonly at?: Target;
  readonly effect: Effect;
  readonly text: string;
  readonly body?: Body;
  readonly input: TSchema;
  readonly output: TSchema;
  readonly charge?: readonly M[];
  readonly quota?: readonly Q[];
  readonly emits?: readonly E[];
  readonly errors?: readonly F[];
  readonly audit: AuditClass;
  readonly repeat: Repeat;
  readonly expose?: readonly Surface[];
  /** A read that is asked with more than an address holds: in REST its input is a JSON body, as that of a write is. */
  readonly posted?: true;
  /** Revoke, delete and shutdown go on when the disk is full: they may spend the journal's reserve. */
  readonly essential?: true;
  /**
   * The resource has rules of its own (a bucket's policy, an object's grants) which are asked of every call: they may allow
   * what no identity policy allows, to callers of other tenants and without credential too, and they may refuse.
   */
  readonly byResource?: true;
};

/** A kind of thing. `of` is its parent: another kind, 'scope', 'tenant' or 'platform'. `plural` names its collection in addresses. */
export type Resource = {
  readonly of: string;
  readonly text: string;
  readonly plural?: string;
  readonly spec: TSchema;
  readonly status?: TSchema;
  readonly owner: 'kernel' | 'service';
  readonly open?: true;
  readonly columns?: readonly string[];
};

/**
 * A count of something used. `sum` adds up, `gauge` is the last value of a window. `by` are the dimensions by which the kernel
 * splits a sum: the operation that was called, and the name of the resource that it was called on.
 */
export type Meter = {
  readonly unit: string;
  readonly kind: 'sum' | 'gauge';
  readonly text: string;
  readonly by?: readonly ('operation' | 'resource')[];
};

/** How many of a kind a scope may have, or how fast it may call. `burst` is the bucket's size. */
export type Quota =
  | { readonly kind: 'count'; readonly of: string; readonly limit: number; readonly text: string }
  | { readonly kind: 'rate'; readonly unit: 'call' | 'byte'; readonly perSecond: number; readonly burst: number; readonly text: string };

/** An event type; its data is a CloudEvent's. */
export type EventType = { readonly data: TSchema; readonly text: string };

/** What a service needs, addressed by URL. A need may be optional and connect late. */
export type Need = {
  readonly seam: 'sql' | 'log' | 'blobs' | 'ledger' | 'kv' | 'compute' | 'functions' | 'query' | 'mail' | 'directory';
  readonly scope: 'service' | 'caller';
  readonly optional: boolean;
};

/** A protocol the service speaks. `port` is the protocol's usual one; `faces` name how callers may show their credential. */
export type Door = {
  readonly protocol: string;
  readonly port: number;
  readonly faces: readonly Face[];
  readonly anonymous: 'never' | 'by-host' | 'by-resource';
  readonly text: string;
};

/** The ways a credential may be presented. */
export type Face =
  | 'bearer'
  | 'basic'
  | 'sasl'
  | 'sigv4'
  | 'session'
  | 'certificate'
  | 'cluster'
  | 'service'
  | 'stripe'
  | 'publishable'
  | 'open'
  | 'anonymous';

/** The roles every tenant has. A service may add its own. */
export const builtInRoles = ['owner', 'admin', 'editor', 'reader', 'auditor'] as const;
export type BuiltInRole = (typeof builtInRoles)[number];

type Keys<T> = Extract<keyof T, string>;

export type ServiceShape<
  Name extends string = string,
  R extends Readonly<Record<string, Resource>> = Readonly<Record<string, Resource>>,
  M extends Readonly<Record<string, Meter>> = Readonly<Record<string, Meter>>,
  Q extends Readonly<Record<string, Quota>> = Readonly<Record<string, Quota>>,
  E extends Readonly<Record<string, EventType>> = Readonly<Record<string, EventType>>,
  F extends Readonly<Record<string, Fault>> = Readonly<Record<string, Fault>>,
  N extends Readonly<Record<string, Need>> = Readonly<Record<string, Need>>,
  D extends Readonly<Record<string, Door>> = Readonly<Record<string, Door>>,
  O extends Readonly<Record<string, Operation>> = Readonly<Record<string, Operation>>,
> = {
  readonly name: Name;
  readonly title: string;
  readonly text: string;
  readonly version: number;
  /** What clients of earlier releases lose on purpose: paths into the contract, by the version that took them away. */
  readonly withdrawn?: Readonly<Record<number, readonly string[]>>;
  readonly resources: R;
  readonly meters: M;
  readonly quotas: Q;
  readonly events: E;
  readonly errors: F;
  readonly needs: N;
  readonly doors: D;
  readonly operations: O;
  readonly roles: Readonly<Record<string, readonly string[]>>;
  /** Further processes of the service, each with a `<part>.main.ts`. `outbound` parts may call addresses a tenant chose. */
  readonly parts?: Readonly<Record<string, { readonly text: string; readonly outbound?: true }>>;
};

/** The contract of a service: one plain value from which everything else is derived. Misspelt references fail to compile. */
export function defineService<
  const Name extends string,
  const R extends Readonly<Record<string, Resource>>,
  const M extends Readonly<Record<string, Meter>>,
  const Q extends Readonly<Record<string, Quota & { of?: Keys<R> }>>,
  const E extends Readonly<Record<string, EventType>>,
  const F extends Readonly<Record<string, Fault>>,
  const N extends Readonly<Record<string, Need>>,
  const D extends Readonly<Record<string, Door>>,
  const O extends Readonly<Record<string, Operation<Keys<R>, Keys<M>, Keys<Q>, Keys<E>, Keys<F>>>>,
  const Roles extends Readonly<Record<string, readonly (Keys<O> | Keys<Roles>)[]>>,
>(service: {
  name: Name;
  title: string;
  text: string;
  version: number;
  withdrawn?: ServiceShape['withdrawn'];
  resources: R;
  meters: M;
  quotas: Q;
  events: E;
  errors: F;
  needs: N;
  doors: D;
  operations: O;
  roles: Roles;
  parts?: ServiceShape['parts'];
}): ServiceShape<Name, R, M, Q, E, F, N, D, O> & { readonly roles: Roles } {
  return service;
}

/** Any service's contract, when its exact types do not matter. */
export type AnyService = ServiceShape;
export type OperationName<S extends AnyService> = Keys<S['operations']>;
export type Input<S extends AnyService, O extends OperationName<S>> = Static<S['operations'][O]['input']>;
export type Output<S extends AnyService, O extends OperationName<S>> = Static<S['operations'][O]['output']>;
