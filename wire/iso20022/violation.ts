/** A message is not of its schema, or contradicts itself; `path` is where, in the schema's names (`GrpHdr/NbOfTxs`). */
export class Iso20022Error extends Error {
  override readonly name = 'Iso20022Error';
  readonly path: string;

  constructor(reason: string, path: string) {
    super(path === '' ? reason : `${path}: ${reason}`);
    this.path = path;
  }
}
