import type { Compression } from '#wire/kafka/record/batch.ts';
import { topicBytesMax, zstdLevelMax, zstdLevelMin } from './limits.ts';

/** One configuration of a topic, as DescribeConfigs lists it. Types are the protocol's: 1 boolean, 2 string, 3 int, 5 long, 7 list. */
export type Entry = {
  readonly type: 1 | 2 | 3 | 5 | 7;
  readonly default: string;
  readonly text: string;
  /** Why a value is wrong, or undefined. */
  readonly wrong: (value: string) => string | undefined;
};

/** The protocol's long: clients write its greatest value for what never comes. */
const never = 2n ** 63n - 1n;

const whole =
  (least: number, greatest: number | bigint = never) =>
  (value: string): string | undefined => {
    if (!/^-?\d{1,19}$/.test(value) || BigInt(value) < least) return `must be a whole number of at least ${least}`;
    return BigInt(value) > greatest ? `must be at most ${greatest}` : undefined;
  };
const one =
  (...values: readonly string[]) =>
  (value: string): string | undefined =>
    values.includes(value) ? undefined : `must be ${values.join(' or ')}`;
const policy = (value: string): string | undefined =>
  value.split(',').every((part) => ['delete', 'compact'].includes(part.trim())) ? undefined : 'must be delete, compact or both';

/** Every configuration a topic has here. A name that is not listed is refused: nothing is accepted and ignored. */
export const topicConfig: Readonly<Record<string, Entry>> = {
  'cleanup.policy': { type: 7, default: 'delete', text: 'What happens to old records: delete, compact, or both.', wrong: policy },
  'compression.gzip.level': {
    type: 3,
    default: '-1',
    text: 'Level at which batches are packed with gzip, where compression.type says so; -1 for its usual one.',
    wrong: (value) => (value === '0' ? 'must be -1, or 1 to 9' : whole(-1, 9)(value)),
  },
  'compression.type': {
    type: 2,
    default: 'producer',
    text: 'producer: batches stay as their producer packed them. Otherwise those that are packed in another way are packed anew.',
    wrong: one('producer', 'uncompressed', 'gzip', 'snappy', 'lz4', 'zstd'),
  },
  'compression.zstd.level': {
    type: 3,
    default: '3',
    text: 'Level at which batches are packed with zstd, where compression.type says so.',
    wrong: whole(zstdLevelMin, zstdLevelMax),
  },
  'confluent.key.schema.validation': {
    type: 1,
    default: 'false',
    text: 'Whether a key must begin with the id of a schema of the subject TOPIC-key, and be a value of it.',
    wrong: one('true', 'false'),
  },
  'confluent.value.schema.validation': {
    type: 1,
    default: 'false',
    text: 'Whether a value must begin with the id of a schema of the subject TOPIC-value, and be a value of it.',
    wrong: one('true', 'false'),
  },
  'delete.retention.ms': { type: 5, default: '86400000', text: 'How long a compacted topic keeps tombstones.', wrong: whole(0) },
  'file.delete.delay.ms': {
    type: 5,
    default: '0',
    text: 'Milliseconds that files of segments and topics that were removed stay on the disk, under another name.',
    wrong: whole(0),
  },
  flush: {
    type: 2,
    default: 'none',
    text: 'none: an acknowledged record survives a kill of the broker. commit: it survives a loss of power.',
    wrong: one('none', 'commit'),
  },
  'flush.messages': {
    type: 5,
    default: `${never}`,
    text: 'Records that may wait for a sync of the disk; whoever writes the last of them is answered after it. 1 is flush=commit.',
    wrong: whole(1),
  },
  'flush.ms': {
    type: 5,
    default: `${never}`,
    text: 'Milliseconds after which what was appended is synced to the disk.',
    wrong: whole(0),
  },
  'gamut.encryption': {
    type: 2,
    default: 'none',
    text: "How new batches lie on the disk. none: in the clear. scope: sealed under the organization's own key. Or a key's name or id.",
    wrong: (value) =>
      /^(?:none|scope|[0-9a-z]{13}|arn:gamut:keys:[a-z0-9-]+:[0-9a-z]{13}:key\/(?:[0-9a-z]{13}|default))$/.test(value)
        ? undefined
        : 'must be none, scope, or the name or id of a key',
  },
  'local.retention.bytes': {
    type: 5,
    default: '-2',
    text: 'Bytes of a tiered partition that stay on this disk; -2 for retention.bytes, -1 for no limit.',
    wrong: whole(-2),
  },
  'local.retention.ms': {
    type: 5,
    default: '-2',
    text: 'Milliseconds a record of a tiered topic stays on this disk; -2 for retention.ms, -1 for ever.',
    wrong: whole(-2),
  },
  'max.compaction.lag.ms': {
    type: 5,
    default: `${never}`,
    text: 'Milliseconds after which a segment of a compacted topic is sealed, so that its records are compacted.',
    wrong: whole(1),
  },
  'max.message.bytes': { type: 3, default: '1048588', text: 'Largest batch in bytes.', wrong: whole(0, topicBytesMax) },
  'message.timestamp.type': {
    type: 2,
    default: 'CreateTime',
    text: 'Whose clock stamps records.',
    wrong: one('CreateTime', 'LogAppendTime'),
  },
  'min.cleanable.dirty.ratio': {
    type: 2,
    default: '0.5',
    text: 'Compaction runs when a segment was sealed since the last pass; the ratio must be the default.',
    wrong: one('0.5'),
  },
  'min.compaction.lag.ms': {
    type: 5,
    default: '0',
    text: 'Milliseconds during which a record of a compacted topic is left alone.',
    wrong: whole(0),
  },
  'min.insync.replicas': { type: 3, default: '1', text: 'There is one replica.', wrong: whole(1, 1) },
  'remote.log.copy.disable': {
    type: 1,
    default: 'false',
    text: 'Whether a tiered topic copies nothing more; what was copied is still read.',
    wrong: one('true', 'false'),
  },
  'remote.log.delete.on.disable': {
    type: 1,
    default: 'false',
    text: 'Whether what was copied is deleted when remote.storage.enable ends.',
    wrong: one('true', 'false'),
  },
  'remote.storage.enable': {
    type: 1,
    default: 'false',
    text: 'Whether sealed segments are copied to the store of blobs, and kept there alone after local.retention.',
    wrong: one('true', 'false'),
  },
  'retention.bytes': { type: 5, default: '-1', text: 'Bytes a partition keeps; -1 for no limit.', wrong: whole(-1) },
  'retention.ms': { type: 5, default: '604800000', text: 'Milliseconds a record is kept; -1 for ever.', wrong: whole(-1) },
  'segment.bytes': { type: 3, default: '1073741824', text: 'Size at which a segment is sealed.', wrong: whole(14, 2 ** 31 - 1) },
  'segment.ms': { type: 5, default: '604800000', text: 'Age at which a segment is sealed.', wrong: whole(1) },
};

export type Config = Readonly<Record<string, string>>;

/** Why a set of values is refused, in a sentence, or undefined. */
export function configFault(config: Config): string | undefined {
  for (const [name, value] of Object.entries(config)) {
    const entry = Object.hasOwn(topicConfig, name) ? topicConfig[name] : undefined;
    if (!entry) return `Unknown topic config name: ${name}`;
    const wrong = entry.wrong(value);
    if (wrong) return `Invalid value ${value} for configuration ${name}: it ${wrong}`;
  }
  const [least, most] = ['min', 'max'].map((end) => BigInt(configValue(config, `${end}.compaction.lag.ms`))) as [bigint, bigint];
  return least > most ? `min.compaction.lag.ms (${least}) must not be more than max.compaction.lag.ms (${most}).` : undefined;
}

/** The value that counts for a topic. */
export const configValue = (config: Config, name: string): string => config[name] ?? topicConfig[name]?.default ?? '';
export const configNumber = (config: Config, name: string): number => Number(configValue(config, name));

/** A configuration of milliseconds or records whose greatest value says that it never comes. */
export const configSpan = (config: Config, name: string): number =>
  configValue(config, name) === `${never}` ? Number.POSITIVE_INFINITY : configNumber(config, name);

/** How batches lie that were packed in another way, and at which level; undefined where they stay as they are. */
export function packingOf(config: Config): { readonly compression: Compression; readonly level: number } | undefined {
  const type = configValue(config, 'compression.type');
  if (type === 'producer') return undefined;
  const level = type === 'gzip' || type === 'zstd' ? configNumber(config, `compression.${type}.level`) : 0;
  return { compression: type === 'uncompressed' ? 'none' : (type as Compression), level };
}

export const isCompacted = (config: Config): boolean => configValue(config, 'cleanup.policy').includes('compact');
/** How long the records of a compacted topic may lie in a segment that goes on. */
export const compactionLagMs = (config: Config): number =>
  isCompacted(config) ? configSpan(config, 'max.compaction.lag.ms') : Number.POSITIVE_INFINITY;
export const isDeleted = (config: Config): boolean => configValue(config, 'cleanup.policy').includes('delete');
export const isTiered = (config: Config): boolean => configValue(config, 'remote.storage.enable') === 'true';

/** What of a tiered topic stays on this disk, by time or by size: as much as it keeps at all, unless it says. */
export function localNumber(config: Config, unit: 'ms' | 'bytes'): number {
  const said = configNumber(config, `local.retention.${unit}`);
  return said === -2 ? configNumber(config, `retention.${unit}`) : said;
}

/** Why a configuration cannot follow another where tiering is concerned, in a sentence, or undefined. */
export function tierFault(config: Config, before: Config, isThere: boolean): string | undefined {
  for (const unit of ['ms', 'bytes'] as const) {
    const [local, all] = [localNumber(config, unit), configNumber(config, `retention.${unit}`)];
    if (all >= 0 && (local < 0 || local > all)) return `local.retention.${unit} must not be more than retention.${unit}.`;
  }
  if (!isTiered(config)) {
    const isLeft = isTiered(before) && configValue(config, 'remote.log.delete.on.disable') !== 'true';
    return isLeft
      ? 'Tiering ends with remote.log.delete.on.disable=true, which deletes what was copied; remote.log.copy.disable=true keeps it.'
      : undefined;
  }
  if (isCompacted(config)) return 'A compacted topic cannot be tiered.';
  if (!isThere && !isTiered(before)) return 'There is no store of blobs: the platform runs without storage and without --blobs.';
  return undefined;
}
