/** A data element: text as it is written, or bytes where its content is binary. */
export type IsoValue = string | Uint8Array;

/** Data elements by their numbers, 2 to 128. */
export type IsoFields = Readonly<Record<number, IsoValue | undefined>>;

/** An ISO 8583 message: the four digits of its type and its data elements. */
export type IsoMessage = { readonly mti: string; readonly fields: IsoFields };
