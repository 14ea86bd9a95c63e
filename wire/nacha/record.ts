import { NachaError } from './violation.ts';

/** `n` digits, filled with 0 from the left; `o` the same, or blank; `a` characters, filled to the right; `r` filled to the left. */
type Kind = 'n' | 'o' | 'a' | 'r';

/** A record of 94 characters: its first, and the columns behind it in order. */
export type Layout<Name extends string> = { readonly type: string; readonly columns: readonly (readonly [Name, number, Kind])[] };

export const recordSize = 94;

/** `name:kind` with a width, as `amount:n10`. */
type Named<Text extends string> = Text extends `${infer Name}:${string}` ? Name : never;

function layout<const Text extends string>(type: string, columns: readonly Text[]): Layout<Named<Text>> {
  return {
    type,
    columns: columns.map((column) => {
      const [name = '', format = ''] = column.split(':');
      return [name as Named<Text>, Number(format.slice(1)), format[0] as Kind] as const;
    }),
  };
}

export const fileHeader = layout('1', [
  'priority code:n2',
  'immediate destination:r10',
  'immediate origin:r10',
  'file creation date:n6',
  'file creation time:o4',
  'file ID modifier:a1',
  'record size:n3',
  'blocking factor:n2',
  'format code:n1',
  'immediate destination name:a23',
  'immediate origin name:a23',
  'reference code:a8',
]);
export const batchHeader = layout('5', [
  'service class code:n3',
  'company name:a16',
  'company discretionary data:a20',
  'company identification:a10',
  'standard entry class code:a3',
  'company entry description:a10',
  'company descriptive date:a6',
  'effective entry date:o6',
  'settlement date:o3',
  'originator status code:a1',
  'originating DFI identification:n8',
  'batch number:n7',
]);
export const entryDetail = layout('6', [
  'transaction code:n2',
  'receiving DFI identification:n8',
  'check digit:n1',
  'DFI account number:a17',
  'amount:n10',
  'individual identification number:a15',
  'individual name:a22',
  'discretionary data:a2',
  'addenda record indicator:n1',
  'trace number:n15',
]);
export const corporateEntry = layout('6', [
  'transaction code:n2',
  'receiving DFI identification:n8',
  'check digit:n1',
  'DFI account number:a17',
  'amount:n10',
  'identification number:a15',
  'number of addenda records:n4',
  'receiving company name:a16',
  'reserved:a2',
  'discretionary data:a2',
  'addenda record indicator:n1',
  'trace number:n15',
]);
export const paymentAddenda = layout('7', [
  'addenda type code:n2',
  'payment related information:a80',
  'addenda sequence number:n4',
  'entry detail sequence number:n7',
]);
export const changeAddenda = layout('7', [
  'addenda type code:n2',
  'change code:a3',
  'original entry trace number:n15',
  'reserved:a6',
  'original receiving DFI identification:n8',
  'corrected data:a29',
  'reserved too:a15',
  'trace number:n15',
]);
export const returnAddenda = layout('7', [
  'addenda type code:n2',
  'return reason code:a3',
  'original entry trace number:n15',
  'date of death:o6',
  'original receiving DFI identification:n8',
  'addenda information:a44',
  'trace number:n15',
]);
export const batchControl = layout('8', [
  'service class code:n3',
  'entry/addenda count:n6',
  'entry hash:n10',
  'total debit entry dollar amount:n12',
  'total credit entry dollar amount:n12',
  'company identification:a10',
  'message authentication code:a19',
  'reserved:a6',
  'originating DFI identification:n8',
  'batch number:n7',
]);
export const fileControl = layout('9', [
  'batch count:n6',
  'block count:n6',
  'entry/addenda count:n8',
  'entry hash:n10',
  'total debit entry dollar amount:n12',
  'total credit entry dollar amount:n12',
  'reserved:a39',
]);

/** The columns of a record, without what fills them. */
export function readRecord<Name extends string>(text: string, line: number, { columns }: Layout<Name>): Record<Name, string> {
  const values = {} as Record<Name, string>;
  let at = 1;
  for (const [name, width, kind] of columns) {
    const raw = text.slice(at, at + width);
    at += width;
    const isBlank = raw.trim() === '';
    if (kind === 'n' || (kind === 'o' && !isBlank)) {
      if (!/^\d+$/.test(raw)) throw new NachaError(`${JSON.stringify(raw)} is no number of ${width} digits`, name, line);
      values[name] = raw;
    } else values[name] = kind === 'a' ? raw.trimEnd() : raw.trim();
  }
  return values;
}

/** A record of these columns; what does not fit, or is no printable ASCII, is refused. */
export function writeRecord<Name extends string>(
  { type, columns }: Layout<Name>,
  values: Readonly<Partial<Record<Name, string | number>>>,
): string {
  let text = type;
  for (const [name, width, kind] of columns) {
    const value = String(values[name] ?? '');
    if (value.length > width) throw new NachaError(`has ${value.length} characters, more than ${width}`, name);
    if (!/^[ -~]*$/.test(value)) throw new NachaError('holds a character that is no printable ASCII', name);
    const isNumber = kind === 'n' || (kind === 'o' && value !== '');
    if (isNumber && !/^\d+$/.test(value)) throw new NachaError(`${JSON.stringify(value)} is no number`, name);
    text += isNumber ? value.padStart(width, '0') : kind === 'r' ? value.padStart(width) : value.padEnd(width);
  }
  return text;
}
