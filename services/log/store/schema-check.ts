import type { AvroSchema } from '../domain/schema/avro/avro.ts';
import { isAvroValue } from '../domain/schema/avro/value.ts';
import { type Config, configValue } from '../domain/config.ts';
import type { LogRecord } from '#wire/kafka/record/record.ts';
import { schemaHeadBytes as headBytes } from './limits.ts';
import type { Registry } from './registry.ts';

/** The configurations by which a topic demands schemas, as Confluent's broker names them. */
const demands = { key: 'confluent.key.schema.validation', value: 'confluent.value.schema.validation' } as const;

export const demandsSchema = (config: Config): boolean => Object.values(demands).some((name) => configValue(config, name) === 'true');

export type Checked = { readonly scope: bigint; readonly name: string; readonly config: Config };

/** Why a record is not what its topic's subjects demand, in a sentence; undefined when it is. */
export function schemaFault(registry: Registry, { scope, name, config }: Checked, { key, value }: LogRecord): string | undefined {
  const [asksKey, asksValue] = [demands.key, demands.value].map((demand) => configValue(config, demand) === 'true');
  return (
    (asksKey ? partFault(registry, scope, `${name}-key`, key) : undefined) ??
    (asksValue ? partFault(registry, scope, `${name}-value`, value) : undefined)
  );
}

function partFault(registry: Registry, scope: bigint, subject: string, bytes: Buffer | null): string | undefined {
  // A tombstone has no value to check.
  if (bytes === null) return undefined;
  if (bytes.length < headBytes || bytes[0] !== 0) return `A record has no schema of the subject '${subject}' before its bytes.`;
  const id = bytes.readInt32BE(1);
  const isOwn = registry.versions(scope, subject).some((one) => one.id === id && !one.deleted);
  const schema = isOwn ? registry.schema(scope, id) : undefined;
  if (!schema) return `Schema ${id} is no version of the subject '${subject}'.`;
  const payload = bytes.subarray(headBytes);
  if (schema.type === 'AVRO' && !isAvroValue((registry.parsed(scope, schema) as AvroSchema).type, payload))
    return `A record is no value of its schema ${id} of the subject '${subject}'.`;
  if (schema.type === 'JSON' && !isJson(payload)) return `A record of the subject '${subject}' is no JSON.`;
  return undefined;
}

function isJson(bytes: Buffer): boolean {
  try {
    JSON.parse(bytes.toString('utf8'));
    return true;
  } catch {
    return false;
  }
}
