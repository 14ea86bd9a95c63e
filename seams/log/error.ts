import type { ErrorName } from '#wire/kafka/error.ts';
import { errorCode } from '#wire/kafka/error.ts';

const names = new Map<number, ErrorName>(Object.entries(errorCode).map(([name, code]) => [code, name as ErrorName]));

/** Errors after which the same request may succeed: the leader moved, or is not known yet. */
const passing: ReadonlySet<string> = new Set([
  'UNKNOWN_TOPIC_OR_PARTITION',
  'LEADER_NOT_AVAILABLE',
  'NOT_LEADER_OR_FOLLOWER',
  'REQUEST_TIMED_OUT',
  'COORDINATOR_LOAD_IN_PROGRESS',
  'COORDINATOR_NOT_AVAILABLE',
  'NOT_COORDINATOR',
  'CONCURRENT_TRANSACTIONS',
  'UNSTABLE_OFFSET_COMMIT',
  'THROTTLING_QUOTA_EXCEEDED',
  'KAFKA_STORAGE_ERROR',
  'Unreachable',
]);

/** An error of the log: Kafka's name of it, or `Unreachable` and `Unsupported`. `retry` says whether the same may succeed later. */
export class LogError extends Error {
  override readonly name = 'LogError';
  readonly code: string;
  readonly retry: boolean;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
    this.retry = passing.has(code);
  }
}

/** Throws what a code of an answer means; 0 passes. */
export function check(code: number, what: string, message?: string | null): void {
  if (code === 0) return;
  const name = names.get(code) ?? 'UNKNOWN_SERVER_ERROR';
  throw new LogError(name, `${what}: ${message ?? name}`);
}
