import { subscription } from '#wire/kafka/message/header.ts';
import { Reader } from '#wire/kafka/reader.ts';
import { KafkaViolation } from '#wire/kafka/violation.ts';

/** The topics in what a consumer tells its leader; none when the bytes are not the consumer protocol's. */
export function subscribedTopics(metadata: Buffer): readonly string[] {
  try {
    const reader = new Reader(metadata);
    const version = Math.min(3, Math.max(0, reader.int16()));
    return subscription.read(reader, version).topics;
  } catch (error) {
    if (error instanceof KafkaViolation) return [];
    throw error;
  }
}
