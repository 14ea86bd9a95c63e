import { fault } from '#kernel/contract/fault.ts';
import { formatId, parseId } from '#kernel/tenancy/id.ts';
import { Allowance } from '../domain/quota/allowance.ts';
import { type Entity, entityKey, plainAddress } from '../domain/quota/entity.ts';
import {
  addressQuota,
  changedValues,
  clientQuota,
  type Holding,
  type QuotaChange,
  type QuotaName,
  type QuotaValues,
} from '../domain/quota/quota.ts';
import { allowancesMax, quotasMax } from './limits.ts';
import type { StateKey, StateLog } from './state-log.ts';

export type Limited = { readonly entity: Entity; readonly values: QuotaValues };

/** A client as quotas know it. */
export type QuotaClient = { readonly scope: bigint; readonly user: string; readonly clientId: string };

/** The client quotas of all scopes, each its own, and what of them is used up. */
export class Quotas {
  readonly #state: StateLog;
  readonly #steady: () => number;
  readonly #scopes = new Map<bigint, Map<string, Limited>>();
  readonly #allowances = new Map<string, { perSecond: number; allowance: Allowance }>();

  constructor(state: StateLog, steady: () => number) {
    this.#state = state;
    this.#steady = steady;
  }

  /** Takes one entry of the state log, while it is opened. */
  apply([kind, scope, key]: StateKey, value: unknown): void {
    if (kind === 'quota') this.#hold(parseId(String(scope)), String(key), value as Limited | null);
  }

  #hold(scope: bigint, key: string, value: Limited | null): void {
    let own = this.#scopes.get(scope);
    if (!own) this.#scopes.set(scope, (own = new Map()));
    if (value) own.set(key, value);
    else own.delete(key);
    if (own.size === 0) this.#scopes.delete(scope);
  }

  list(scope: bigint): Limited[] {
    return [...(this.#scopes.get(scope)?.values() ?? [])];
  }

  /** The values after a change that is possible; throws when it is not. */
  changed(scope: bigint, entity: Entity, changes: readonly QuotaChange[]): QuotaValues {
    const own = this.#scopes.get(scope);
    const known = own?.get(entityKey(entity));
    const values = changedValues(entity, known?.values ?? {}, changes);
    if (typeof values === 'string') throw fault('BadInput', values);
    if (!known && (own?.size ?? 0) >= quotasMax)
      throw fault('QuotaExceeded', `A scope has client quotas of at most ${quotasMax} entities.`);
    return values;
  }

  /** Changes the quotas of an entity; resolves when they survive a loss of power. */
  async alter(scope: bigint, entity: Entity, changes: readonly QuotaChange[]): Promise<void> {
    const values = this.changed(scope, entity, changes);
    const key = entityKey(entity);
    const value = Object.keys(values).length > 0 ? { entity, values } : null;
    this.#state.put([[['quota', formatId(scope), key], value]]);
    this.#hold(scope, key, value);
    await this.#state.flushed();
  }

  /** Uses up some of a client's quota; answers the milliseconds that it has overdrawn it by. */
  take(name: QuotaName, client: QuotaClient, amount: number): number {
    return this.#of(name, client)?.take(amount, this.#steady()) ?? 0;
  }

  /** The milliseconds by which a client has overdrawn a quota. */
  owedMs(name: QuotaName, client: QuotaClient): number {
    return this.#of(name, client)?.owedMs(this.#steady()) ?? 0;
  }

  /** Most that a client may use up at once before it waits; undefined where it has no quota. */
  rate(name: QuotaName, client: QuotaClient): number | undefined {
    return this.#holding(name, client)?.perSecond;
  }

  /** One more connection from an address: 0, or the milliseconds to wait, and then it does not count. */
  connect(scope: bigint, address: string): number {
    const find = this.#find(scope);
    const name = 'connection_creation_rate';
    const holding = find && addressQuota(find, name, plainAddress(address) ?? address);
    if (!holding) return 0;
    const allowance = this.#allowance(scope, name, holding);
    const owed = allowance.owedMs(this.#steady());
    if (owed === 0) allowance.take(1, this.#steady());
    return owed;
  }

  #find(scope: bigint): ((key: string) => QuotaValues | undefined) | undefined {
    const own = this.#scopes.get(scope);
    return own && ((key) => own.get(key)?.values);
  }

  #holding(name: QuotaName, { scope, user, clientId }: QuotaClient): Holding | undefined {
    const find = this.#find(scope);
    return find && clientQuota(find, name, user, clientId);
  }

  #of(name: QuotaName, client: QuotaClient): Allowance | undefined {
    const holding = this.#holding(name, client);
    return holding && this.#allowance(client.scope, name, holding);
  }

  #allowance(scope: bigint, name: QuotaName, { perSecond, by }: Holding): Allowance {
    const key = `${scope} ${name} ${by}`;
    let held = this.#allowances.get(key);
    if (!held) {
      // Who is forgotten begins anew, as one who comes under another name does.
      const oldest = this.#allowances.size >= allowancesMax ? this.#allowances.keys().next().value : undefined;
      if (oldest !== undefined) this.#allowances.delete(oldest);
      this.#allowances.set(key, (held = { perSecond, allowance: new Allowance(perSecond, this.#steady()) }));
    }
    if (held.perSecond !== perSecond) held.allowance.adjust((held.perSecond = perSecond));
    return held.allowance;
  }
}
