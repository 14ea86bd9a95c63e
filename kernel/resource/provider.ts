import { EventEmitter, once } from 'node:events';
import type { Sql, Transaction } from '#seams/sql/sql.ts';
import { fault } from '../contract/fault.ts';
import type { Change, Envelope, Filter, Listed, Page, Placed, Provider, Put } from '../contract/provider.ts';
import type { RepeatStore } from '../contract/repeat.ts';
import type { Snapshot } from '../snapshot/reader.ts';
import { appliedWaitMs } from '../snapshot/limits.ts';
import { formatId, type IdSource } from '../tenancy/id.ts';
import { appliedPollMs, bookmarkMs, changesKeptMax, watchBatchMax, watchPollMs } from './limits.ts';
import { sqlRepeats } from './repeats.ts';
import { type Reader, resourceStore } from './store.ts';

/** The kernel's own resources of a service: a provider per kind, whose changes may join an open transaction. */
export type Resources = {
  of(kind: string): KernelProvider;
  /** Several changes in one transaction; resolves when every process can see them. */
  within<T>(at: Placed, work: (tx: Transaction) => Promise<T>): Promise<T>;
  readonly repeats: RepeatStore;
};

/** A provider over PostgreSQL. With `tx` a change joins that transaction; it is in the snapshot when the transaction's owner returns. */
export interface KernelProvider extends Provider {
  /** What the snapshot knows of an environment: synchronous, and without status. */
  known(at: Placed): { readonly name: string; readonly spec: unknown }[];
  put(at: Placed, change: Put, tx?: unknown, countMax?: number): Promise<Envelope>;
  delete(at: Placed, name: string, ifVersion?: string, tx?: unknown): Promise<void>;
}

export type ResourceOptions = { readonly wake: () => Promise<void>; readonly snapshot: Snapshot; readonly ids: IdSource };

/** The resources of a service over its own login. */
export function resourceProviders(sql: Sql, service: string, options: ResourceOptions): Resources {
  const { snapshot, ids, wake } = options;
  const store = resourceStore(service);
  const changed = new EventEmitter().setMaxListeners(0);
  const noted = new WeakMap<object, number>();

  /** Notes a change for the snapshot in the transaction that makes it. */
  async function note(tx: Transaction, at: Placed, kind: string, name: string): Promise<void> {
    const key = [formatId(at.tenant), formatId(at.scope), service, kind, name];
    const { rows } = await tx.query<{ number: bigint }>('select platform.note_change($1, $2, $3) as number', [at.tenant, 'resource', key]);
    noted.set(tx, Number(rows[0]?.number ?? 0));
  }

  /** After the commit: waits until every process can see the change. */
  async function published(tx: object): Promise<void> {
    const number = noted.get(tx);
    if (number === undefined) return;
    changed.emit('change');
    await wake();
    for (const until = Date.now() + appliedWaitMs; snapshot.applied() < number; snapshot.refresh()) {
      if (Date.now() > until) throw fault('Unavailable', 'The change is stored; it will be seen everywhere when control is back.');
      await new Promise((resolve) => setTimeout(resolve, appliedPollMs));
    }
  }

  async function within<T>(at: Placed, tx: unknown, work: (tx: Transaction) => Promise<T>): Promise<T> {
    if (tx !== undefined) return work(tx as Transaction);
    let used: Transaction | undefined;
    const result = await sql.as(at).begin((own) => {
      used = own;
      return work(own);
    });
    if (used) await published(used);
    return result;
  }

  function of(kind: string): KernelProvider {
    return {
      attributes: (scope, name) => {
        const place = snapshot.get('scope', formatId(scope));
        return (
          place && (snapshot.get('resource', place.tenant, place.id, service, kind, name)?.attributes as ReturnType<Provider['attributes']>)
        );
      },
      known: (at) =>
        snapshot.entries('resource', formatId(at.tenant), formatId(at.scope), service, kind).map(([key, value]) => ({
          name: String(key.at(-1)),
          spec: value.attributes,
        })),
      get: (at, name) => store.get(sql.as(at), kind, name),
      list: (at, page: Page, filter?: Filter): Promise<Listed> => store.list(sql.as(at), kind, page, filter),
      put: (at, change, tx, countMax) =>
        within(at, tx, async (own) => {
          const made = await store.put(own, kind, ids.next(), change);
          if (countMax !== undefined && (await store.count(own, kind)) > countMax)
            throw fault('QuotaExceeded', `A scope has at most ${countMax} of ${kind}.`);
          await note(own, at, kind, change.name);
          return made;
        }),
      delete: (at, name, ifVersion, tx) =>
        within(at, tx, async (own) => {
          await store.remove(own, kind, name, ifVersion);
          await note(own, at, kind, name);
        }),
      watch: (at, from, signal) => follow(sql.as(at), kind, from, signal),
    };
  }

  /** Yields the history after `from` ('' = from now on), then what comes; a bookmark when nothing does. */
  async function* follow(reader: Reader, kind: string, from: string, signal: AbortSignal): AsyncGenerator<Change> {
    const head = await store.head(reader);
    let seen = from === '' ? head : seenVersion(from, head);
    let spoke = Date.now();
    while (!signal.aborted) {
      const rows = await store.changes(reader, kind, seen, watchBatchMax);
      for (const row of rows) {
        seen = row.version;
        spoke = Date.now();
        yield { type: row.type, version: row.version.toString(), resource: row.body };
      }
      if (rows.length === watchBatchMax) continue;
      if (Date.now() - spoke >= bookmarkMs) {
        spoke = Date.now();
        yield { type: 'bookmark', version: seen.toString() };
      }
      await once(changed, 'change', { signal: AbortSignal.any([signal, AbortSignal.timeout(watchPollMs)]) }).catch(() => undefined);
    }
  }

  return { of, within: (at, work) => within(at, undefined, work), repeats: sqlRepeats(sql, service, published) };
}

/** The version after which a watch goes on. BadInput when it is no number, Gone when its history is no longer, or not yet, kept. */
export function seenVersion(from: string, head: bigint): bigint {
  if (!/^[0-9]{1,18}$/.test(from)) throw fault('BadInput', { path: '/from', detail: 'A version is a number.' });
  const seen = BigInt(from);
  if (seen > head || head - seen > BigInt(changesKeptMax)) throw fault('Gone', `Version ${from} is not kept; list again.`);
  return seen;
}
