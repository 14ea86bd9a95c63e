/**
 * What the supervisor and its children say to each other: JSON lines on file descriptor 3, a socket pair inherited at
 * spawn. When it closes the child exits. Secrets travel here and nowhere else: never in arguments or the environment.
 */

/** What the operator asked for; the same for every process of one `up`. */
export type Settings = {
  /** 'usual': a protocol's own port when it is free; 'auto': any free port. */
  readonly ports: 'usual' | 'auto';
  /** Callers without or with unknown credentials become the dev tenant's principal; loopback only. */
  readonly open: boolean;
  readonly host: string;
  readonly region: string;
  /** Base names, below which doors that name things in the host have names of their own: `s3.<domain>`. */
  readonly domains?: readonly string[];
  /** The services to run, with what they need. */
  readonly services: readonly string[];
  /** Services that a second process keeps as well, ready to take over. */
  readonly standby?: readonly string[];
  /** How many processes a service has that share its work; one where it is not named. */
  readonly workers?: Readonly<Record<string, number>>;
  /** External seams by URL; an absent one is embedded. */
  readonly sql?: string;
  readonly mail?: string;
  /** Any Kafka, `kafka://user:password@host:port,...`, as `seams/log` reads it; the platform's own log where it is absent. */
  readonly log?: string;
  /** Any S3, `https://KEY:SECRET@host/BUCKET/PREFIX`; the platform's own storage where it is absent. */
  readonly blobs?: string;
  /** A CSV of networks with latitude and longitude, for logins that no journey explains. */
  readonly geo?: string;
  /** Hosts, as `host:port`, that tenants may have called although they are private or on this machine. */
  readonly outbound?: readonly string[];
  /** A policy of witnesses (C2SP tlog-policy): who cosigns the audit log, and which logs this platform cosigns. */
  readonly witness?: string;
  /** Where every process sends its spans and metrics: an OTLP/HTTP address, without `/v1/traces`. */
  readonly otlp?: string;
  /** How long a day of retention is, in milliseconds; 24 hours if not said. For tests. */
  readonly retentionDayMs?: number;
  /** Changes stop while less than this is free on the disk; the usual reserve when it is not said. */
  readonly reserveBytes?: number;
};

/** The first line a child reads. `secrets` holds what only this process needs, such as its SQL address. */
export type StartOrder = {
  readonly type: 'start';
  /** Unique among the processes of a platform: 'keeper', 'control', 'recorder', 'storage', 'storage-worker'. */
  readonly process: string;
  /** 32 random bytes in hex; proves to keeper and control which process is calling. New at every spawn. */
  readonly token: string;
  /** A small number, different for every process that may run at the same time; it goes into ids. */
  readonly number: number;
  readonly deployment: string;
  /** The data directory, and the short private directory that holds the unix sockets. */
  readonly data: string;
  readonly run: string;
  readonly settings: Settings;
  readonly secrets: Readonly<Record<string, string>>;
  /** Ports that doors had before, by `<service>.<protocol>`; tried first, so that an address outlives a restart. */
  readonly ports?: Readonly<Record<string, number>>;
};

/** Tells keeper and control which token a process was given (SHA-256 in hex); repeated after a restart of either. */
export type AdmitOrder = { readonly type: 'admit'; readonly process: string; readonly tokenHash: string };

/** Stop accepting, finish what runs, exit with 0. */
export type DrainOrder = { readonly type: 'drain' };

export type Order = StartOrder | AdmitOrder | DrainOrder;

/**
 * Where a door listens. `note` is a sentence for the operator, such as a port that was taken; `text` is the contract's
 * sentence about the door, with a line to try.
 */
export type DoorAddress = { readonly url: string; readonly note?: string; readonly text?: string };

/** Doors are named `<service>.<protocol>`. */
export type ReadyReport = {
  readonly type: 'ready';
  readonly doors: Readonly<Record<string, DoorAddress>>;
  /** What `up` prints besides: control reports the console's address, the CA's file and the first administrator. */
  readonly facts?: Readonly<Record<string, string>>;
};

/** Sent every heartbeat interval; `lagMs` is the longest the event loop was late since the last one. */
export type BeatReport = { readonly type: 'beat'; readonly lagMs: number };

/** The child cannot run and restarting it would not help: one clear sentence. */
export type FatalReport = { readonly type: 'fatal'; readonly code: string; readonly sentence: string };

/** The start failed, and trying again may help: why, in one sentence. */
export type FailedReport = { readonly type: 'failed'; readonly code: string; readonly sentence: string };

/** Keeper and control have taken an admission in: whoever holds that token may call now. */
export type AdmittedReport = { readonly type: 'admitted'; readonly tokenHash: string };

export type Report = ReadyReport | BeatReport | FatalReport | FailedReport | AdmittedReport;

export type ProcessState = 'starting' | 'ready' | 'draining' | 'failed' | 'stopped';

/** One line of `gamut status`. */
export type ProcessStatus = {
  readonly name: string;
  readonly pid: number | null;
  readonly state: ProcessState;
  readonly restarts: number;
  readonly since: number;
  readonly reason?: string;
};

/** What a process' entry module exports: started in its own process, or merged into one by `--in-process`. */
export type Part = {
  readonly name: string;
  start(link: Link): Promise<Running>;
};

/** A running part. `drain` stops accepting and resolves when what was running has ended. */
export type Running = {
  readonly doors: ReadyReport['doors'];
  readonly facts?: ReadyReport['facts'];
  drain(): Promise<void>;
};

/** The child's end of the line. */
export type Link = {
  readonly order: StartOrder;
  /** Called for every process admitted, earlier ones at once. Only keeper and control are told. */
  onAdmit(callback: (admit: AdmitOrder) => void): void;
  /** Aborted when the supervisor asks for a drain or its line closes. */
  readonly signal: AbortSignal;
};
