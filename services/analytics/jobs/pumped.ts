import type { Log } from '#kernel/contract/implement.ts';
import type { Spills } from '../engine/spill/room.ts';
import type { Crews } from '../engine/worker/crew.ts';
import type { Changes } from '../store/change.ts';
import type { Files } from '../store/file.ts';
import type { History } from '../store/history.ts';
import type { Outbox } from '../store/outbox.ts';
import type { Relations } from '../store/relation.ts';
import type { SchemaStore } from '../store/schema.ts';
import type { States } from '../store/state.ts';
import type { Plans } from '../store/view.ts';
import type { Feeds } from './feed.ts';
import type { Lags } from './lag.ts';
import type { LiveViews } from './live.ts';
import type { Asked } from './portion.ts';
import type { Carriers } from './sink-carrier.ts';

/** What views and sinks are kept up with. */
export type Pumped = {
  readonly relations: Relations;
  readonly states: States;
  readonly plans: Plans;
  readonly changes: Changes;
  readonly live: LiveViews;
  readonly schemas: SchemaStore;
  readonly outbox: Outbox;
  readonly history: History;
  /** What sources found of files. */
  readonly files: Files;
  readonly log: Log;
  readonly feeds: Feeds;
  /** How far views are behind their sources. */
  readonly lags: Lags;
  /** The workers that share views of which many records come. */
  readonly crews: Crews;
  /** Where views put what their memory has no room for. */
  readonly spills: Spills;
  /** Why what relations gave out does not get to where it goes. */
  readonly failures: Map<bigint, string>;
} & Carriers &
  Asked;
