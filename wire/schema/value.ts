/** A value that was read by a schema: int and long are bigint, float and double number, bytes a part of what was read. */
export type Decoded =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | readonly Decoded[]
  | { readonly [field: string]: Decoded };
