/** Bytes that are not protocol 3.0. The stream cannot be read further: its owner closes the connection. */
export class ProtocolViolation extends Error {
  override readonly name = 'ProtocolViolation';
}
