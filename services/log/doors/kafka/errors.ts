import { OperationError } from '#kernel/contract/fault.ts';
import { errorCode, type ErrorName } from '#wire/kafka/error.ts';

/** Kafka's error for a row of the fault tables; what is not listed is UNKNOWN_SERVER_ERROR. */
const names: Readonly<Record<string, ErrorName>> = {
  BadInput: 'INVALID_REQUEST',
  TooMany: 'THROTTLING_QUOTA_EXCEEDED',
  QuotaExceeded: 'POLICY_VIOLATION',
  Residency: 'POLICY_VIOLATION',
  NotImplemented: 'UNSUPPORTED_VERSION',
  DiskFull: 'KAFKA_STORAGE_ERROR',
  JournalFull: 'KAFKA_STORAGE_ERROR',
  JournalFailed: 'KAFKA_STORAGE_ERROR',
  LogFailed: 'KAFKA_STORAGE_ERROR',
  Unavailable: 'COORDINATOR_NOT_AVAILABLE',
  NoSuchTopic: 'UNKNOWN_TOPIC_OR_PARTITION',
  NoSuchGroup: 'GROUP_ID_NOT_FOUND',
  ProducerFenced: 'INVALID_PRODUCER_EPOCH',
  NoSuchTransaction: 'TRANSACTIONAL_ID_NOT_FOUND',
  TopicExists: 'TOPIC_ALREADY_EXISTS',
  TopicNameInvalid: 'INVALID_TOPIC_EXCEPTION',
  PartitionsInvalid: 'INVALID_PARTITIONS',
  ReplicationInvalid: 'INVALID_REPLICATION_FACTOR',
  ConfigInvalid: 'INVALID_CONFIG',
  OffsetOutOfRange: 'OFFSET_OUT_OF_RANGE',
  RecordInvalid: 'INVALID_RECORD',
  RecordTooLarge: 'MESSAGE_TOO_LARGE',
  GroupNotEmpty: 'NON_EMPTY_GROUP',
};

/**
 * What records that cannot be read are called: under a key that is refused, a right is lacking; a key or a store of blobs that is
 * away may come back.
 */
export function readFault(error: unknown): ErrorName | undefined {
  if (!(error instanceof OperationError)) return undefined;
  if (error.code === 'KeyRefused') return 'TOPIC_AUTHORIZATION_FAILED';
  return ['KeyUnavailable', 'Unavailable', 'LogFailed'].includes(error.code) ? 'KAFKA_STORAGE_ERROR' : undefined;
}

/** What a denial is called depends on what was denied. */
export type DeniedKind =
  | 'TOPIC_AUTHORIZATION_FAILED'
  | 'GROUP_AUTHORIZATION_FAILED'
  | 'TRANSACTIONAL_ID_AUTHORIZATION_FAILED'
  | 'CLUSTER_AUTHORIZATION_FAILED';

export type Worded = { readonly errorCode: number; readonly errorMessage: string };

/** An operating error in the protocol's words; anything else is a bug and goes on. */
export function wordError(error: unknown, denied: DeniedKind): Worded {
  if (!(error instanceof OperationError)) throw error;
  const name = error.code === 'Denied' ? denied : (names[error.code] ?? 'UNKNOWN_SERVER_ERROR');
  return { errorCode: errorCode[name], errorMessage: error.detail ?? error.message };
}
