/** A drive, as the service describes it. */
export type Drive = {
  readonly number: number;
  readonly region: string;
  readonly zone: string;
  readonly rack: string;
  readonly node: string;
  readonly state: 'in' | 'out' | 'rebuilding';
  readonly reason?: string;
  readonly sizeBytes?: number;
  readonly freeBytes?: number;
};

/** A run of shards that waits for repair. */
export type Repair = { readonly id: string; readonly size: number; readonly shards: readonly number[]; readonly unreadable: boolean };

/** A process that holds drives, perhaps on another machine. */
export type StorageNode = {
  readonly name: string;
  readonly address: string;
  readonly state: 'there' | 'away';
  readonly reason?: string;
  readonly since: number;
  readonly drives: readonly number[];
};

export type DriveMap = {
  readonly drives: readonly Drive[];
  readonly nodes?: readonly StorageNode[];
  readonly failureDomains: number;
  readonly rebuilding?: { readonly drive: number; readonly bytes: number; readonly startedAt: number };
  readonly repairsWaiting: number;
  readonly unreadable: number;
  readonly repairs: readonly Repair[];
  readonly repaired: number;
  readonly repairedBytes: number;
  readonly extentsWaiting: number;
  readonly extents: { readonly open: number; readonly full: number; readonly sealed: number };
  readonly index: {
    readonly copies: number;
    readonly lastCheck?: { readonly endedAt: number; readonly rows: number; readonly wrong: number };
  };
  /** The operator's store, where there is one. */
  readonly remote?: {
    readonly away: boolean;
    readonly removalsWaiting: number;
    readonly lastSweep?: { readonly endedAt: number; readonly objects: number; readonly orphans: number; readonly foreign: number };
  };
  readonly scrubDays: number;
  readonly lastScrub?: {
    readonly endedAt: number;
    readonly bytes: number;
    readonly damagedShards: number;
    readonly damagedCopies: number;
  };
};
