import type { Duplex } from 'node:stream';
import type { Caller, EndReason } from './caller.ts';
import type { AnyService, Face, Input, OperationName, Output } from './contract.ts';
import type { OperationError } from './fault.ts';
import type { Filter } from './provider.ts';

/** A stream of bytes beside the schema. */
export type Bytes = AsyncIterable<Uint8Array>;

/** What an operation answers: the output of its schema, a body where the operation has one, and whether it is a stored reply. */
export type Result<Out> = { readonly output: Out; readonly body?: Bytes; readonly replayed?: true };

/**
 * What comes beside the input. `nested` marks a read made on behalf of another call: decided and audited, not
 * charged. `requestId` is the id that the door shows, so that the audit log has the same. */
export type More = {
  readonly body?: Bytes;
  readonly key?: string;
  readonly signal?: AbortSignal;
  readonly nested?: true;
  /** Asks to see what the schema labels as personal: needs RevealPersonal, and is audited. */
  readonly reveal?: true;
  readonly requestId?: string;
  /** The caller's W3C `traceparent` header, as it came. */
  readonly traceparent?: string;
  /** What the resource's own rules may look at besides the input: address, headers, whether the channel is sealed. */
  readonly context?: RequestContext;
};

/** Facts of a request, in the words of its door. */
export type RequestContext = Readonly<Record<string, string>>;

/** A decision that holds until an epoch moves. `spend` returns milliseconds to wait; 0 means go. */
export interface Grant {
  readonly denied?: undefined;
  spend(calls: number, bytes: number): number;
}

/** A refusal. A door awaits `recorded` before it answers, because denials are in the audit log before the reply. */
export type Denied = { readonly denied: OperationError; readonly recorded: Promise<void> };

/** What a face brings: headers, a user name and password, a signed request, a certificate's fingerprint, a cookie. */
export type Material = Readonly<Record<string, unknown>>;

/** One identified caller at one door. Ends by itself when the credential is revoked, the tenant ends or the process drains. */
export interface Session<S extends AnyService = AnyService> {
  readonly caller: Caller;
  /** What the face proved beyond identity: for SigV4 the signing key and seed signature that chunk signatures continue. */
  readonly proof: unknown;
  /** Aborted with an EndReason. */
  readonly signal: AbortSignal;
  grant<O extends OperationName<S>>(operation: O, name: string): Grant | Denied;
  invoke<O extends OperationName<S>>(operation: O, name: string, input: Input<S, O>, more?: More): Promise<Result<Output<S, O>>>;
  /** The resources on which the caller may do one of the operations and is forbidden none, for doors that list what they hold. */
  visible(...operations: readonly OperationName<S>[]): Pick<Filter, 'admits'>;
  /** Says that this presentation is over; nothing can be asked of it afterwards. */
  end(): void;
}

/** Several-step proofs: SCRAM, WebAuthn, MQTT AUTH. */
export interface Exchange<S extends AnyService = AnyService> {
  next(answer: Uint8Array): { send?: Uint8Array; done?: true };
  session(): Session<S>;
}

/** What a door gets. Presenting wrong material throws Unauthenticated or Expired. */
export interface Gate<S extends AnyService = AnyService> {
  present(face: Face, material: Material): Session<S>;
  /** `material` says how: for SASL its mechanism. */
  exchange(face: Face, material: Material): Exchange<S>;
  anonymous(hint: { host?: string; resource?: string }): Session<S>;
}

/** A door over plain sockets. `goodbye` is the dialect's last frame. */
export interface Serving<S extends AnyService = AnyService> {
  open(gate: Gate<S>, socket: Duplex, signal: AbortSignal): Promise<void>;
  goodbye(reason: EndReason): Uint8Array | undefined;
}
