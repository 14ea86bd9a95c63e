import { type AvroField, type AvroType, type EnumType, fullName, isNamed, type Named, type RecordType } from '#wire/avro/type.ts';

/** What Avro's reader may take for what was written: Avro 1.12, "Schema Resolution". */
const promotions: Readonly<Record<string, readonly string[]>> = {
  long: ['int'],
  float: ['int', 'long'],
  double: ['int', 'long', 'float'],
  string: ['bytes'],
  bytes: ['string'],
};

/** What pairs of names were found to be; a pair that is being compared counts as fitting, since types may hold themselves. */
type Comparing = { readonly seen: Map<string, string[]>; readonly path: string };

/** Why a reader's schema cannot read what a writer's wrote, each with its place; none when it can. */
export function avroRefusals(reader: AvroType, writer: AvroType, comparing: Comparing = { seen: new Map(), path: '/' }): string[] {
  const { path } = comparing;
  if (writer.kind === 'union') return writer.branches.flatMap((branch) => avroRefusals(reader, branch, comparing));
  if (reader.kind === 'union') {
    const tries = reader.branches.map((branch) => avroRefusals(branch, writer, comparing));
    if (tries.some((found) => found.length === 0)) return [];
    return [refusal('MISSING_UNION_BRANCH', path, `reader union lacking writer type: ${writer.kind.toUpperCase()}`)];
  }
  if (isNamed(reader) && isNamed(writer) && sameKind(reader, writer)) return namedRefusals(reader, writer, comparing);
  if (reader.kind === writer.kind) {
    if ('items' in reader && 'items' in writer)
      return avroRefusals(reader.items, writer.items, { ...comparing, path: `${at(path)}${reader.kind === 'array' ? 'items' : 'values'}` });
    return [];
  }
  if (promotions[reader.kind]?.includes(writer.kind)) return [];
  const told = `reader type: ${reader.kind.toUpperCase()} not compatible with writer type: ${writer.kind.toUpperCase()}`;
  return [refusal('TYPE_MISMATCH', path, told)];
}

const sameKind = (reader: Named, writer: Named) =>
  reader.kind === writer.kind || (['record', 'error'].includes(reader.kind) && ['record', 'error'].includes(writer.kind));

const refusal = (kind: string, path: string, told: string) => `{errorType:'${kind}', description:'${told}', location:'${path}'}`;

function namedRefusals(reader: Named, writer: Named, comparing: Comparing): string[] {
  const key = `${fullName(reader)} ${fullName(writer)}`;
  const before = comparing.seen.get(key);
  if (before) return before;
  comparing.seen.set(key, []);
  const { path } = comparing;
  // Unqualified names decide; an alias of the reader is a name it had before.
  const isSame = reader.name === writer.name || reader.aliases.some((alias) => alias === writer.name || alias === fullName(writer));
  const found = isSame ? [] : [refusal('NAME_MISMATCH', `${at(path)}name`, `expected: ${fullName(writer)}`)];
  if (reader.kind === 'fixed' && writer.kind === 'fixed' && reader.size !== writer.size)
    found.push(refusal('FIXED_SIZE_MISMATCH', `${at(path)}size`, `expected: ${writer.size}, found: ${reader.size}`));
  if (reader.kind === 'enum' && writer.kind === 'enum') found.push(...enumRefusals(reader, writer, path));
  if ('fields' in reader && 'fields' in writer) found.push(...fieldRefusals(reader, writer, comparing));
  comparing.seen.set(key, found);
  return found;
}

const at = (path: string) => (path.endsWith('/') ? path : `${path}/`);

function enumRefusals(reader: EnumType, writer: EnumType, path: string): string[] {
  const missing = writer.symbols.filter((symbol) => !reader.symbols.includes(symbol));
  if (missing.length === 0 || reader.default !== undefined) return [];
  return [
    refusal('MISSING_ENUM_SYMBOLS', `${at(path)}symbols`, `reader enum '${fullName(reader)}' is missing symbols [${missing.join(', ')}]`),
  ];
}

function fieldRefusals(reader: RecordType, writer: RecordType, { seen, path }: Comparing): string[] {
  return reader.fields.flatMap((field, index) => {
    const written = writtenAs(field, writer);
    if (written) return avroRefusals(field.type, written.type, { seen, path: `${at(path)}fields/${index}/type` });
    if ('default' in field) return [];
    const told = `reader field '${field.name}' of record '${fullName(reader)}' has no default and is missing in the writer`;
    return [refusal('READER_FIELD_MISSING_DEFAULT_VALUE', `${at(path)}fields/${index}`, told)];
  });
}

const writtenAs = (field: AvroField, writer: RecordType): AvroField | undefined =>
  writer.fields.find(({ name }) => name === field.name) ?? writer.fields.find(({ name }) => field.aliases.includes(name));
