import type { Handlers, Providers } from './call.ts';
import type { Socket } from 'node:net';
import type { HttpDoor } from '../listen/http.ts';
import type { Greeting } from '../listen/worker-door.ts';
import type { Caller } from './caller.ts';
import type { AnyService } from './contract.ts';
import type { Placed } from './provider.ts';
import type { RepeatStore } from './repeat.ts';
import type { Gate, RequestContext } from './session.ts';

/** A door that listens: its address, and what closing it means (stop accepting, finish what runs, then close). */
export type OpenDoor = {
  readonly url: string;
  readonly tlsUrl?: string;
  readonly note?: string;
  close(): Promise<void>;
  readonly take?: HttpDoor['take'];
};

/** Seals and opens bytes under a leased data key of a tenant (0n = the platform); `aad` is the associated data. */
export interface Sealer {
  seal(tenant: bigint, plain: Uint8Array, aad: string): Promise<Buffer>;
  open(tenant: bigint, sealed: Uint8Array, aad: string): Promise<Buffer>;
  /** The same under a key of the tenant, by its name (`arn:gamut:keys:...`) or id: KeyRefused once it is disabled or destroyed. */
  under(key: string): Sealer;
  /** What may be done with the key; undefined when the tenant has none of the name. */
  state(tenant: bigint): KeyUse | undefined;
}

/** `pending` waits for its destruction. Only an enabled key seals and opens. */
export type KeyUse = 'enabled' | 'disabled' | 'pending' | 'destroyed';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** Structured lines on standard output; never a secret, never a personal field. */
export type Log = (level: LogLevel, message: string, fields?: Readonly<Record<string, unknown>>) => void;

/** An audit record from a service's own durable log. `offset` grows and is unique within the log; it is the idempotency key. */
export type LoggedEffect = {
  readonly offset: bigint;
  readonly at: number;
  readonly tenant: bigint;
  readonly scope: bigint;
  readonly principal: string;
  readonly credential: bigint;
  readonly operation: string;
  readonly kind: string;
  readonly name: string;
  readonly outcome: string;
  /** How many like requests the record speaks of; 1 when absent. */
  readonly count?: number;
  readonly bytes: number;
  readonly requestId: string;
  readonly detail?: Readonly<Record<string, unknown>>;
};

/** The service's own durable log as a source of audit: the kernel reads on from the last offset it has journalled. */
export interface EffectSource {
  /** Tells a service's logs apart, where it has several: letters, digits and hyphens. */
  readonly name?: string;
  read(after: bigint, limit: number): Promise<readonly LoggedEffect[]>;
  /** Events that follow from a record: told in the log's order and at least once, under ids that are the same each time. */
  eventsOf?(effect: LoggedEffect): readonly { readonly event: string; readonly subject: string; readonly data: unknown }[];
  /** Called when the records up to `offset` are durable elsewhere, so that the service may drop them. */
  forget(offset: bigint): Promise<void>;
  /** Calls back when there is more to read; returns how to stop. */
  onMore(wake: () => void): () => void;
}

/** Which process of several that share a service's work this is: the first, 0, bears the service's name. */
export type Worker = {
  readonly index: number;
  readonly count: number;
  /** Where another one is connected to, by a greeting: `door` and `from` for a connection of a client, else what `take` gets. */
  readonly path: (index: number) => string;
};

/** What `start` gets: the service's directory, its needs, and what the kernel does for it. `Needs` are opened by kernel/session. */
export type Kernel<Needs> = {
  readonly directory: string;
  /** The name of this process. */
  readonly process: string;
  /** The names of the service's process and of its standby, where the operator asked for one. */
  readonly pair?: readonly [string, string];
  /** Where several processes share the service's work in one directory. */
  readonly worker?: Worker;
  readonly region: string;
  /** The base names that the operator gave this deployment, in lower case. */
  readonly domains: readonly string[];
  /** Hosts, as `host:port`, that the operator lets services call though they are private. */
  readonly allow: readonly string[];
  /** Emits an event of the contract that no call is the cause of. */
  readonly emit: (at: { readonly tenant: bigint; readonly scope: bigint }, event: string, subject: string, data: unknown) => void;
  /** The short private directory that holds the unix sockets. */
  readonly run: string;
  /** Every environment there is, for jobs that go over all of them. */
  readonly scopes: () => readonly { readonly tenant: bigint; readonly scope: bigint }[];
  /** Whether an environment is live, or one to try things in; undefined when there is none. */
  readonly kindOf: (scope: bigint) => 'live' | 'test' | 'sandbox' | undefined;
  readonly needs: Needs;
  readonly sealer: Sealer;
  readonly log: Log;
  /**
   * A short-lived credential for a call of another service (header `Gamut-Service`) on behalf of a caller: policy there sees
   * the caller, audit records both.
   */
  readonly serviceToken: (caller: Caller) => Promise<string>;
  /** Aborted when the process drains. */
  readonly signal: AbortSignal;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** False while the free disk space is below the reserve: mutations must be refused with DiskFull. */
  readonly mayWrite: () => boolean;
};

/** What a door gets besides its gate: where to listen. Spread `at` into the options of `httpServer` or `listen` of kernel/listen. */
export type DoorPlace<S extends AnyService> = {
  readonly gate: Gate<S>;
  readonly at: {
    /** `<service>.<door>`. */
    readonly name: string;
    readonly host: string;
    /** The port to try first; 0 means any. */
    readonly port: number;
    readonly fallback: 'any' | 'refuse';
    /** Whether other processes listen on the port as well; the system deals connections out. */
    readonly shared?: boolean;
    readonly plain: 'loopback' | 'never';
    readonly certificate: { readonly cert: string; readonly key: string; readonly ca?: string };
  };
  /** Whether callers without a credential are let in as the open face. */
  readonly open: boolean;
  /** Aborted when the process drains. */
  readonly signal: AbortSignal;
  readonly log: Log;
};

/** A call of an operation that is `byResource`, put to the rules of the resource. */
export type ResourceQuestion = {
  readonly caller: Caller;
  readonly operation: string;
  readonly name: string;
  readonly input: unknown;
  readonly context: RequestContext;
  /** Whether the caller's own policies allow the operation; what they forbid never comes here. */
  readonly identityAllows: boolean;
};

/** A number that the service tells in its process' metrics; `read` answers it for each combination of the labels' values, as it is now. */
export type ToldGauge = {
  readonly name: string;
  readonly help: string;
  readonly labels: readonly string[];
  readonly read: () => Iterable<readonly [values: readonly string[], value: number]>;
};

export type Implementation<S extends AnyService> = {
  readonly gauges?: readonly ToldGauge[];
  /** The last word on operations that are `byResource`: whether the call goes on. Called before every handler of one. */
  readonly authorize?: (question: ResourceQuestion) => boolean;
  /** Whose a resource is, so that a caller without credential is placed there; undefined when there is none of the name. */
  readonly placeOf?: (resource: string) => Placed | undefined;
  readonly handlers: Handlers<S>;
  readonly providers: Providers<S>;
  readonly doors: { readonly [D in keyof S['doors']]: (place: DoorPlace<S>) => Promise<OpenDoor> };
  readonly effects?: EffectSource | readonly EffectSource[];
  /**
   * Lets go of a personal field of a kind that the service owns, where it was last changed before the time that its label keeps
   * it; answers of how many. The kernel does so itself for what it keeps.
   */
  readonly expire?: (
    at: Placed,
    due: { readonly kind: string; readonly path: readonly string[]; readonly before: number },
  ) => Promise<number>;
  /** Keeps replies to keyed operations, in the transaction of their effect; SQL services get one from the kernel. */
  readonly repeats?: RepeatStore;
  /** Called once when the doors are open, with their addresses by name; the REST surface is `rest`. */
  readonly opened?: (doors: Readonly<Record<string, string>>) => void;
  /** Gets what the other processes of the service connect for, besides doors. */
  readonly take?: (socket: Socket, greeting: Greeting) => void;
  /** Which other process of the service answers REST's request for an address; undefined when this one does. */
  readonly holderOf?: (url: string) => Promise<number | undefined>;
  /** The REST address of the process that answers in place of this one; undefined when this one does. */
  readonly elsewhere?: () => string | undefined;
  /** Closes what `start` opened, after the doors are closed. */
  stop(): Promise<void>;
};

/** A contract with the function that starts it; `main.ts` of every service exports one. */
export type Main<S extends AnyService, Needs> = {
  readonly contract: S;
  readonly start: (kernel: Kernel<Needs>) => Promise<Implementation<S>>;
};

/** Joins a contract and its code. Handlers, providers and doors that the contract does not name, or that are missing, fail to compile. */
export function implement<S extends AnyService, Needs>(contract: S, start: Main<S, Needs>['start']): Main<S, Needs> {
  return { contract, start };
}
