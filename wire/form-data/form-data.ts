/** A form that is not one, or larger than allowed (RFC 7578). */
export class FormError extends Error {
  override readonly name = 'FormError';
}

/** One field of a form; names compare in lower case. */
export type FormField = { readonly name: string; readonly filename?: string; readonly contentType?: string; readonly value: string };

/** The fields before the file, and the file, which is streamed. What comes behind the file is passed over. */
export type Form = {
  readonly fields: readonly FormField[];
  readonly file: { readonly filename?: string; readonly contentType?: string; readonly bytes: AsyncIterable<Uint8Array> } | undefined;
};

export type FormBounds = { readonly fieldsMaxBytes: number; readonly fieldsMax: number };

/** The boundary that a Content-Type of multipart/form-data names. */
export function boundaryOf(contentType: string): string | undefined {
  const [, quoted, plain] = /^\s*multipart\/form-data\s*;.*?\bboundary=(?:"([^"]{1,70})"|([^\s;"]{1,70}))/i.exec(contentType) ?? [];
  return quoted ?? plain;
}

/** Reads a form up to the bytes of its field `file`. */
export async function readForm(body: AsyncIterable<Uint8Array>, boundary: string, bounds: FormBounds): Promise<Form> {
  const reader = new Reader(body, boundary, bounds);
  await reader.preamble();
  const fields: FormField[] = [];
  for (;;) {
    const head = await reader.head();
    if (head === undefined) return { fields, file: undefined };
    const { name, ...more } = readHead(head);
    if (name.toLowerCase() === 'file') return { fields, file: { ...more, bytes: reader.content() } };
    if (fields.length >= bounds.fieldsMax) throw new FormError(`The form has more than ${bounds.fieldsMax} fields.`);
    const pieces: Uint8Array[] = [];
    for await (const bytes of reader.content()) {
      pieces.push(Buffer.from(bytes));
      reader.count(bytes.length);
    }
    fields.push({ name, ...more, value: Buffer.concat(pieces).toString('utf8') });
  }
}

function readHead(head: string): { name: string; filename?: string; contentType?: string } {
  const lines = head.split('\r\n');
  const of = (wanted: string) =>
    lines
      .find((line) => line.toLowerCase().startsWith(`${wanted}:`))
      ?.slice(wanted.length + 1)
      .trim();
  const disposition = of('content-disposition') ?? '';
  const parameter = (wanted: string) => {
    const [, quoted, plain] = new RegExp(`;\\s*${wanted}=(?:"((?:[^"\\\\]|\\\\.)*)"|([^;\\s]*))`, 'i').exec(disposition) ?? [];
    return quoted?.replace(/\\(.)/g, '$1') ?? plain;
  };
  const name = parameter('name');
  if (name === undefined || !/^form-data\b/i.test(disposition)) throw new FormError('A part of the form has no name.');
  const [filename, contentType] = [parameter('filename'), of('content-type')];
  return { name, ...(filename === undefined ? {} : { filename }), ...(contentType === undefined ? {} : { contentType }) };
}

class Reader {
  readonly #body: AsyncIterator<Uint8Array>;
  readonly #mark: Buffer;
  readonly #bounds: FormBounds;
  #held: Buffer = Buffer.alloc(0);
  #counted = 0;
  #over = false;

  constructor(body: AsyncIterable<Uint8Array>, boundary: string, bounds: FormBounds) {
    this.#body = body[Symbol.asyncIterator]();
    this.#mark = Buffer.from(`\r\n--${boundary}`, 'latin1');
    this.#bounds = bounds;
    // The first boundary may stand at the very beginning.
    this.#held = Buffer.from('\r\n');
  }

  count(bytes: number): void {
    this.#counted += bytes;
    if (this.#counted > this.#bounds.fieldsMaxBytes)
      throw new FormError(`The fields of the form are longer than ${this.#bounds.fieldsMaxBytes} bytes.`);
  }

  async #more(): Promise<boolean> {
    if (this.#over) return false;
    const { value, done } = await this.#body.next();
    if (done) {
      this.#over = true;
      return false;
    }
    this.#held = Buffer.concat([this.#held, value]);
    return true;
  }

  /** Passes over what stands before the first boundary. */
  async preamble(): Promise<void> {
    for await (const bytes of this.content()) this.count(bytes.length);
  }

  /** The head of the next part; undefined behind the last. */
  async head(): Promise<string | undefined> {
    for (;;) {
      if (this.#held.length >= 2 && this.#held.subarray(0, 2).toString('latin1') === '--') return undefined;
      const end = this.#held.indexOf('\r\n\r\n');
      if (end >= 0) {
        const head = this.#held.subarray(0, end).toString('utf8');
        this.#held = this.#held.subarray(end + 4);
        this.count(head.length);
        return head.replace(/^[ \t]*\r\n/, '');
      }
      if (this.#held.length > this.#bounds.fieldsMaxBytes || !(await this.#more()))
        throw new FormError('The form ends within the head of a part.');
    }
  }

  /** The bytes up to the next boundary. */
  async *content(): AsyncGenerator<Uint8Array, void> {
    for (;;) {
      const at = this.#held.indexOf(this.#mark);
      if (at >= 0) {
        const bytes = this.#held.subarray(0, at);
        this.#held = this.#held.subarray(at + this.#mark.length);
        if (bytes.length > 0) yield bytes;
        return;
      }
      // What may be the beginning of a boundary waits for more.
      const safe = this.#held.length - this.#mark.length;
      if (safe > 0) {
        const bytes = this.#held.subarray(0, safe);
        this.#held = this.#held.subarray(safe);
        yield bytes;
      }
      if (!(await this.#more())) throw new FormError('The form ends without its last boundary.');
    }
  }
}
