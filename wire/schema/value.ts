/** A value that was read by a schema: int and long are bigint, float and double number, bytes a Buffer. */
export type Decoded =
  | null
  | boolean
  | number
  | bigint
  | string
  | Buffer
  | readonly Decoded[]
  | { readonly [field: string]: Decoded };
