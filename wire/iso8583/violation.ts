/**
 * The bytes or the values are no ISO 8583 message of their specification. `field` is the data element (0 is the message type,
 * 1 the bitmap; undefined for the message as a whole) and `offset` the byte at which it was noticed (undefined when building).
 */
export class Iso8583Error extends Error {
  override readonly name = 'Iso8583Error';
  readonly field: number | undefined;
  readonly offset: number | undefined;

  constructor(reason: string, field?: number, offset?: number) {
    const where = [field === undefined ? undefined : `field ${field}`, offset === undefined ? undefined : `byte ${offset}`];
    const place = where.filter((one) => one !== undefined).join(', ');
    super(place === '' ? reason : `${place}: ${reason}`);
    this.field = field;
    this.offset = offset;
  }
}
