/** `syntax`: it is no HTTP/1.1, or could be understood in two ways; `head` and `extras`: it is larger than it may be. */
export type Http1ViolationKind = 'syntax' | 'head' | 'extras';

/** Bytes that are refused; nothing after them on the connection can be trusted. */
export class Http1Violation extends Error {
  readonly kind: Http1ViolationKind;

  constructor(kind: Http1ViolationKind, detail: string) {
    super(detail);
    this.kind = kind;
  }
}
