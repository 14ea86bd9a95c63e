import type { Placed } from '#kernel/contract/provider.ts';
import { readIso20022 } from '#wire/iso20022/document.ts';
import { readNacha } from '#wire/nacha/read.ts';
import type { Fields, Json } from '../domain/json.ts';
import { textOf } from '../domain/json.ts';
import { fileKind } from './clearing.ts';
import { traceObjectsMax } from './limits.ts';
import type { World } from './world.ts';

type Node = Readonly<Record<string, unknown>>;

const isNode = (value: unknown): value is Node => typeof value === 'object' && value !== null;

/** Whether a record is of an order: it bears its end-to-end id or trace number, or that of what it answers. */
function isOf({ end, ids, trace, addenda }: Node, reference: string): boolean {
  const answers = Array.isArray(addenda) && addenda.some((each) => isNode(each) && each.originalTrace === reference);
  return end === reference || trace === reference || (isNode(ids) && ids.end === reference) || answers;
}

const recordsIn = (value: unknown, reference: string): Node[] =>
  !isNode(value) ? [] : isOf(value, reference) ? [value] : Object.values(value).flatMap((inner) => recordsIn(inner, reference));

/** Numbers of accounts show their last digits alone. */
const masked: ReadonlySet<string> = new Set(['account', 'iban', 'other', 'corrected']);
const tail = 4;

/** A record in JSON. */
function plain(value: unknown, name = ''): Json {
  if (typeof value === 'string' && masked.has(name)) return `****${value.trim().slice(-tail)}`;
  if (Array.isArray(value)) return value.map((each) => plain(each, name));
  if (isNode(value)) return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, plain(inner, key)]));
  return typeof value === 'bigint' ? String(value) : ((value ?? null) as Json);
}

/** What files to and from clearing houses say of a payment, oldest first: the records of its orders, decoded. */
export async function bankRecords(world: World, at: Placed, payment: string): Promise<Fields[]> {
  const where = [[`body->>'payment' = ?`, payment]] as const;
  const { items } = await world.objects.list(at, 'clearing_entry', { limit: traceObjectsMax, where });
  const found: Fields[] = [];
  for (const { thing: entry } of items.toReversed()) {
    const [sent, reference] = [textOf(entry.file), textOf(entry.reference)];
    if (sent === undefined || reference === undefined) continue;
    const own = await world.objects.get(at, fileKind, sent);
    const answers = await world.objects.list(at, fileKind, { limit: traceObjectsMax, where: [[`body->>'answer_to' = ?`, sent]] });
    for (const file of [...(own ? [own] : []), ...answers.items.toReversed()]) {
      const bytes = await world.contents.get(at, file.thing.id);
      if (!bytes) continue;
      const { id, format = null, direction = null, rail = null, created = null } = file.thing;
      const decoded = format === 'nacha' ? { kind: 'NACHA', value: readNacha(bytes.toString()) } : readIso20022(bytes);
      const records = recordsIn(decoded.value, reference).map((record) => plain(record));
      if (records.length > 0) found.push({ file: id, rail, direction, created, kind: decoded.kind, records });
    }
  }
  return found;
}
