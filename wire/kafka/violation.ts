/** Bytes that are not what their version of the protocol says. `reason` is a sentence without the bytes themselves. */
export class KafkaViolation extends Error {
  override readonly name = 'KafkaViolation';
}
