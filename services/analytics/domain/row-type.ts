import { StatementError } from '#engine/pgwire/statement-error.ts';
import { rowTypeLengthMax } from './limits.ts';

/** A field of rows of a type; rows that are made of values alone have fields without names. */
export type FieldText = { readonly name: string | undefined; readonly type: string };
/** A type of rows as it is written: the name and number that CREATE TYPE gave it, and its fields. */
export type RowText = {
  readonly named: { readonly name: string; readonly oid: number } | undefined;
  readonly fields: readonly FieldText[];
};

// A type is part of the names of operations and of generated code: what a name may have in it is told by letters and digits alone.
const written = (name: string): string =>
  encodeURIComponent(name).replaceAll(/[!~*'()]/g, (mark) => `%${mark.charCodeAt(0).toString(16).padStart(2, '0')}`);

/** `record(name=type;...)`, or `record~name~number(...)`, with types in the same form. Throws StatementError (54000): too long. */
export function writeRowType({ named, fields }: RowText): string {
  const head = named ? `record~${written(named.name)}~${named.oid}` : 'record';
  const inner = fields.map(({ name, type }) => (name === undefined ? type : `${written(name)}=${type}`));
  const text = `${head}(${inner.join(';')})`;
  if (text.length > rowTypeLengthMax)
    throw new StatementError(
      '54000',
      `a type of rows is at most ${rowTypeLengthMax} characters long when all of its fields are written out`,
    );
  return text;
}

const head = /^record(?:~([\w.%-]+)~(\d{1,10}))?\(/;

/** Reads a type of rows; undefined for what is none. What its fields are is not looked into. */
export function readRowType(text: string): RowText | undefined {
  const [found, name, oid] = head.exec(text) ?? [];
  if (found === undefined || !text.endsWith(')')) return undefined;
  const fields: FieldText[] = [];
  const last = text.length - 1;
  let [depth, from, equals] = [0, found.length, -1];
  for (let at = from; at <= last; at += 1) {
    const mark = text[at];
    if (mark === '(') depth += 1;
    else if (mark === ')') depth -= 1;
    else if (mark === '=' && depth === 0 && equals < 0) equals = at;
    if (depth < 0 && at < last) return undefined;
    if ((mark !== ';' || depth > 0) && depth >= 0) continue;
    if (at > from || fields.length > 0)
      fields.push({ name: equals < 0 ? undefined : plain(text.slice(from, equals)), type: text.slice(Math.max(from, equals + 1), at) });
    [from, equals] = [at + 1, -1];
  }
  if (depth >= 0) return undefined;
  return { named: name === undefined ? undefined : { name: plain(name), oid: Number(oid) }, fields };
}

function plain(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}
