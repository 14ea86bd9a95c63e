import type { StartOrder } from './protocol.ts';

type Spec = {
  readonly name: string;
  /** Started when these are ready, drained before them. */
  readonly after: readonly string[];
  /** Drained after these, though it need not be ready before them. */
  readonly outlives?: readonly string[];
  /** The platform is not up without it. */
  readonly critical: boolean;
};

/** One of our own processes: a module that exports `part`. */
export type NodeSpec = Spec & {
  readonly kind: 'node';
  /** Absolute path of the module. */
  readonly module: string;
  readonly memoryMb: number;
  /** Threads for files and look-ups; node's usual number if not said. */
  readonly threads?: number;
  /** Told which tokens were given to whom: keeper and control. */
  readonly admits?: true;
  /** Names of the secrets it is given. */
  readonly secrets?: readonly string[];
};

/** A program that is not ours. It must watch the supervisor itself, by a guard. */
export type ForeignSpec = Spec & {
  readonly kind: 'foreign';
  start(host: ForeignHost): Promise<Foreign>;
};

export type ChildSpec = NodeSpec | ForeignSpec;

export type ForeignHost = {
  readonly data: string;
  readonly run: string;
  /** Takes the program's output, for its log. */
  readonly output: (chunk: Buffer) => void;
  /** Aborted when the start took too long or is not wanted any more. */
  readonly signal: AbortSignal;
};

/** A foreign program that is ready. */
export type Foreign = {
  readonly pid: number;
  /** Resolves with a sentence when it has ended by itself or by `stop`. */
  readonly ended: Promise<string>;
  /** Secrets that it brings for others, such as the address of a database. */
  readonly secrets?: Readonly<Record<string, string>>;
  stop(): Promise<void>;
  kill(): void;
};

/** What is the same for every process of one platform. */
export type StartBase = Pick<StartOrder, 'deployment' | 'data' | 'run' | 'settings'>;
