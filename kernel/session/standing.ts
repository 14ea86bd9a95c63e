import type { Caller, EndReason } from '../contract/caller.ts';
import type { AnyService } from '../contract/contract.ts';
import { fault, type OperationError } from '../contract/fault.ts';
import type { Filter } from '../contract/provider.ts';
import type { Identified } from '../caller/identified.ts';
import { rolesIn } from '../caller/place.ts';
import { ownRoleOf } from './publisher.ts';
import { parseId } from '../tenancy/id.ts';
import type { WindowEntry, WindowKey } from '../audit/window.ts';
import type { Counter } from '../meter/meters.ts';
import type { RateBucket } from '../quota/rates.ts';
import { steady } from './clock.ts';
import { grantsKeptMax } from './limits.ts';
import { LiveCalls } from './live.ts';
import { isElsewhere, mislaid } from './residency.ts';
import type { Runtime } from './runtime.ts';

export type Decided = GrantState | Refused;
export type Refused = { readonly denied: OperationError };

/** An allowed (operation, resource) of one caller, until an epoch moves. */
export class GrantState {
  readonly denied = undefined;
  /** Set when only the resource's own rules may allow it: what to answer when they do not. */
  readonly unproven: OperationError | undefined;
  readonly #rates: readonly RateBucket[];
  readonly #window: WindowEntry | undefined;
  readonly #calls: Counter | undefined;
  readonly #bytes: Counter | undefined;
  constructor(
    rates: readonly RateBucket[],
    window: WindowEntry | undefined,
    calls: Counter | undefined,
    bytes: Counter | undefined,
    unproven: OperationError | undefined,
  ) {
    this.unproven = unproven;
    this.#rates = rates;
    this.#window = window;
    this.#calls = calls;
    this.#bytes = bytes;
  }

  /** Takes from the rate quotas; milliseconds to wait, and nothing taken, when there is not enough. */
  admit(calls: number, bytes: number): number {
    const rates = this.#rates;
    for (let index = 0; index < rates.length; index += 1) {
      const rate = rates[index] as RateBucket;
      const wait = rate.bucket.take(rate.unit === 'call' ? calls : bytes, steady.nowMs);
      if (wait === 0) continue;
      for (let back = 0; back < index; back += 1) rates[back]?.bucket.give(rates[back]?.unit === 'call' ? calls : bytes);
      return wait;
    }
    return 0;
  }

  /** Admits, and counts in the audit window and the meters; what hot doors call per batch. */
  spend(calls: number, bytes: number): number {
    const wait = this.#rates.length === 0 ? 0 : this.admit(calls, bytes);
    if (wait > 0) return wait;
    this.#window?.add(calls, bytes);
    this.#calls?.add(calls);
    this.#bytes?.add(bytes);
    return 0;
  }

  /** Counts one answered request in the audit window; false when the operation has none. */
  counted(bytes: number, requestId: string): boolean {
    const window = this.#window;
    if (!window) return false;
    window.add(1, bytes);
    window.requestId = requestId;
    return true;
  }
}

/** A person who is nowhere a member has no tenant yet. */
const idOrZero = (text: string): bigint => (text === '' ? 0n : parseId(text));

/** All that one identified caller has in one process: its grants, its running calls, and the signal that ends it. */
export class Standing<S extends AnyService = AnyService> {
  readonly identified: Identified;
  readonly caller: Caller;
  readonly controller = new AbortController();
  readonly live = new LiveCalls();
  readonly #runtime: Runtime<S>;
  readonly #grants = new Map<string, Decided>();
  /** Why keys may not be used, by their names; undefined where they may. */
  readonly #keys = new Map<string, OperationError | undefined>();
  #roles: readonly string[];

  constructor(runtime: Runtime<S>, identified: Identified) {
    this.#runtime = runtime;
    this.identified = identified;
    this.caller = {
      tenant: idOrZero(identified.tenant),
      scope: idOrZero(identified.scope),
      principal: identified.principal,
      credential: identified.face === 'session' ? 0n : idOrZero(identified.credential),
      face: identified.face,
      ...(identified.via === undefined ? {} : { via: identified.via }),
    };
    this.#roles = this.#currentRoles();
  }

  #currentRoles(): string[] {
    const { principal, tenant, scope } = this.identified;
    const ownRole = ownRoleOf(this.identified);
    if (ownRole !== undefined) return [ownRole];
    return this.identified.face === 'anonymous' ? [] : rolesIn(this.#runtime.snapshot, principal, tenant, scope);
  }

  /** The decision on an operation and a resource, remembered until an epoch moves. */
  decide(operation: string, name: string): Decided {
    const key = `${operation}\0${name}`;
    const known = this.#grants.get(key);
    if (known) return known;
    const made = this.#make(operation, name);
    if (this.#grants.size >= grantsKeptMax) this.#grants.clear();
    this.#grants.set(key, made);
    return made;
  }

  /** Why a key of the caller's organization may not be used, or undefined; remembered until an epoch moves. */
  keyRefusal(name: string): OperationError | undefined {
    if (this.#keys.has(name)) return this.#keys.get(name);
    const decision = this.#runtime.keyDecider.decide(this.identified, this.#roles, 'UseKey', name);
    const refusal = decision.verdict === 'allow' ? undefined : decision.error;
    if (this.#keys.size >= grantsKeptMax) this.#keys.clear();
    this.#keys.set(name, refusal);
    return refusal;
  }

  #make(operation: string, name: string): Decided {
    const runtime = this.#runtime;
    const { tenant, scope } = this.identified;
    const spec = runtime.contract.operations[operation];
    const astray = spec && mislaid(runtime, tenant, spec);
    if (astray) return { denied: astray };
    if (this.identified.face === 'publishable' && !spec?.expose?.includes('publishable'))
      return { denied: fault('Denied', 'A publishable key does not reach this operation.') };
    const decision = runtime.decider.decide(this.identified, this.#roles, operation, name);
    if (decision.verdict === 'deny') return { denied: decision.error };
    const charged = (unit: 'byte' | 'call') =>
      spec?.charge?.find((meter) => (runtime.contract.meters[meter]?.unit === 'byte') === (unit === 'byte'));
    const [calls, bytes] = [charged('call'), charged('byte')];
    const called = { operation, resource: name };
    return new GrantState(
      runtime.rates.of(tenant, scope, operation),
      spec?.audit === 'window' ? runtime.windows.entry(this.windowKey(operation, name, 'ok')) : undefined,
      calls === undefined ? undefined : runtime.meters.counter(tenant, scope, calls, called),
      bytes === undefined ? undefined : runtime.meters.counter(tenant, scope, bytes, called),
      decision.verdict === 'open' ? decision.error : undefined,
    );
  }

  /** The resources on which one of the operations is allowed to this caller, as a filter of lists. */
  visible(operations: readonly string[]): Filter {
    return this.#runtime.decider.visible(this.identified, this.#roles, operations);
  }

  /** What an audit record of this caller says of an operation and a resource. */
  windowKey(operation: string, name: string, outcome: string): WindowKey {
    const { tenant, scope, principal, credential, face, via } = this.identified;
    const spec = this.#runtime.contract.operations[operation];
    const kind = spec?.on ?? '';
    return {
      tenant,
      scope,
      service: this.#runtime.contract.name,
      operation,
      kind,
      // A name is the tenant's data: where that may not lie, no record says it.
      name: spec && isElsewhere(this.#runtime, tenant, spec) ? '' : name,
      principal,
      credential,
      face,
      outcome,
      ...(via === undefined ? {} : { via }),
    };
  }

  /** After an epoch moved: forgets the decisions, and ends the running calls that lost their ground. */
  redecide(): void {
    this.#roles = this.#currentRoles();
    this.#grants.clear();
    this.#keys.clear();
    for (const call of this.live.all()) {
      const decided = this.decide(call.operation, call.name);
      if (decided.denied || (decided.unproven && !call.byResource)) call.end('revoked');
    }
  }

  end(reason: EndReason): void {
    this.controller.abort(reason);
    for (const call of this.live.all()) call.end(reason);
  }
}
