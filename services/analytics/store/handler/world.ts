import { fault } from '#kernel/contract/fault.ts';
import { LogError } from '#seams/log/error.ts';
import { StatementError } from '#engine/pgwire/statement-error.ts';
import type { DuckPool } from '../../engine/duck/pool.ts';
import type { RoutineCalls } from '../../engine/routine/calls.ts';
import type { Feeds } from '../../jobs/feed.ts';
import type { Kept, LiveTables } from '../../jobs/keep.ts';
import type { Lags } from '../../jobs/lag.ts';
import type { LiveViews } from '../../jobs/live.ts';
import type { LooseTopics } from '../../jobs/loose-topic.ts';
import type { Maintenance } from '../../jobs/maintain.ts';
import type { Carriers } from '../../jobs/sink-carrier.ts';
import type { Changes } from '../change.ts';
import type { History } from '../history.ts';
import type { Lookups } from '../lookup.ts';
import type { Models } from '../model.ts';
import type { Outside } from '../outside.ts';
import type { Pendings } from '../pending.ts';
import type { Relations } from '../relation.ts';
import type { SchemaStore } from '../schema.ts';
import type { Plans } from '../view.ts';

/** What the handlers work with. */
export type World = {
  readonly relations: Relations;
  readonly plans: Plans;
  readonly changes: Changes;
  readonly live: LiveViews;
  /** How far views and sinks are behind their sources. */
  readonly lags: Lags;
  readonly tables: LiveTables;
  readonly history: History;
  readonly pendings: Pendings;
  /** What tables are committed with. */
  readonly kept: Kept;
  readonly schemas: SchemaStore;
  readonly maintenance: Maintenance;
  readonly loose: LooseTopics;
  /** Where functions in other languages run. */
  readonly routines: RoutineCalls;
  /** Where DuckDB answers. */
  readonly duck: DuckPool;
  readonly models: Models;
  readonly feeds: Feeds;
  /** Tables elsewhere, and who looks rows up of them and of others. */
  readonly outside: Outside;
  readonly lookups: Lookups;
  /** Why what sinks gave out does not get to where it goes. */
  readonly failures: ReadonlyMap<bigint, string>;
} & Carriers;

/** What cannot be undone, and so is no part of a transaction. */
export const alone = (what: string): StatementError => new StatementError('25001', `${what} cannot run inside a transaction block`);

/** What is wrong with a statement in the contract's words; `path` is the SQLSTATE. */
export async function worded<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof StatementError) throw fault('StatementRefused', { path: error.sqlstate, detail: error.message, cause: error });
    if (error instanceof LogError && /AUTHORIZATION/.test(error.code)) throw fault('Denied', { detail: error.message, cause: error });
    if (error instanceof LogError && error.code === 'POLICY_VIOLATION')
      throw fault('QuotaExceeded', { detail: error.message, cause: error });
    throw error;
  }
}
