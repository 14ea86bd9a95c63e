import type { ChildSpec } from './plan.ts';
import type { Order, Report } from './protocol.ts';

/** A process that was started, or what stands for one. */
export type Launched = {
  /** Null while there is none yet, or none of its own. */
  pid(): number | null;
  order(order: Order): void;
  kill(signal: 'SIGABRT' | 'SIGKILL'): void;
  /** Resolves with how it ended, in words that follow the process' name. */
  readonly ended: Promise<string>;
};

export type LaunchHost = {
  readonly data: string;
  readonly run: string;
  onReport(report: Report): void;
  /** Secrets that a foreign program brings, told before it is ready. */
  onSecrets(secrets: Readonly<Record<string, string>>): void;
  output(chunk: Buffer): void;
};

export type Launcher = (spec: ChildSpec, host: LaunchHost) => Launched;
