/** A text that is no schema of its language, with the place or reason in a sentence. */
export class SchemaFault extends Error {
  override readonly name = 'SchemaFault';
}
