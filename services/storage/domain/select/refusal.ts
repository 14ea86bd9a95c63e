/** A query or its input that S3 Select refuses, by S3 Select's own code. */
export class SelectRefusal extends Error {
  override readonly name = 'SelectRefusal';
  readonly code: string;

  constructor(code: string, text: string) {
    super(text);
    this.code = code;
  }
}
