/** What a store of blobs answers, or that it does not: `code` is S3's own word, or Unavailable, or Silent. */
export class BlobsError extends Error {
  override readonly name = 'BlobsError';
  readonly code: string;
  /** Whether the same request may succeed later. */
  readonly passes: boolean;

  constructor(code: string, message: string, { passes = false, cause }: { passes?: boolean; cause?: unknown } = {}) {
    super(message, { cause });
    this.code = code;
    this.passes = passes;
  }
}
