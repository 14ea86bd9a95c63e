import { type AvroField, type AvroType, fullName, isNamed, type More, type Named } from '#wire/avro/type.ts';

/**
 * A schema in JSON as Avro's own library spells it: names that were defined before are told by name, a namespace where it
 * changes. `normal` leaves no choice: full names, attributes in order.
 */
export function printAvro(type: AvroType, known: ReadonlySet<string>, normal = false): string {
  return JSON.stringify(plain(type, { told: new Set(known), space: '', normal }));
}

type Telling = { readonly told: Set<string>; readonly space: string; readonly normal: boolean };

function plain(type: AvroType, telling: Telling): unknown {
  if (isNamed(type)) return namedOf(type, telling);
  if (type.kind === 'union') return type.branches.map((branch) => plain(branch, telling));
  const more = moreOf(type.more, telling);
  if (type.kind === 'array') return { type: 'array', items: plain(type.items, telling), ...more };
  if (type.kind === 'map') return { type: 'map', values: plain(type.items, telling), ...more };
  return Object.keys(more).length > 0 ? { type: type.kind, ...more } : type.kind;
}

function namedOf(type: Named, telling: Telling): unknown {
  const { told, space, normal } = telling;
  const key = fullName(type);
  if (told.has(key)) return normal || type.space !== space ? key : type.name;
  told.add(key);
  const inner = { ...telling, space: type.space };
  return {
    type: type.kind,
    name: normal ? key : type.name,
    ...(!normal && type.space !== space ? { namespace: type.space } : {}),
    ...(type.doc === undefined ? {} : { doc: type.doc }),
    ...bodyOf(type, inner),
    ...moreOf(type.more, telling),
    ...(type.aliases.length > 0 ? { aliases: type.aliases } : {}),
  };
}

function bodyOf(type: Named, telling: Telling): object {
  if (type.kind === 'enum') return { symbols: type.symbols, ...(type.default === undefined ? {} : { default: type.default }) };
  if (type.kind === 'fixed') return { size: type.size };
  return { fields: type.fields.map((field) => fieldOf(field, telling)) };
}

function fieldOf(field: AvroField, telling: Telling): object {
  return {
    name: field.name,
    type: plain(field.type, telling),
    ...(field.doc === undefined ? {} : { doc: field.doc }),
    ...('default' in field ? { default: field.default } : {}),
    ...(field.order === undefined || field.order === 'ascending' ? {} : { order: field.order }),
    ...moreOf(field.more, telling),
    ...(field.aliases.length > 0 ? { aliases: field.aliases } : {}),
  };
}

const moreOf = (more: More, { normal }: Telling): More =>
  normal ? Object.fromEntries(Object.entries(more).sort(([a], [b]) => (a < b ? -1 : 1))) : more;
