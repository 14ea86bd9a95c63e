/** The bytes are none of the protocol of storage nodes; the connection that they came on is of no use any more. */
export class NodeProtocolError extends Error {
  override readonly name = 'NodeProtocolError';
}
