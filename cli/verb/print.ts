import type { AnyService } from '#kernel/contract/contract.ts';
import type { Route } from '#kernel/derive/route.ts';
import type { Global } from '../global.ts';
import { aligned } from './help.ts';

type Fields = Readonly<Record<string, unknown>>;

/** Prints what an operation answered: a table for lists, names and values for one thing, or one line of JSON. */
export function printOutput(contract: AnyService, route: Route, output: unknown, { output: form }: Global): void {
  if (form === 'json') console.log(JSON.stringify(output));
  else console.log(textOf(contract, route, output));
}

function textOf(contract: AnyService, route: Route, output: unknown): string {
  const { items, next, ...rest } = (output ?? {}) as { items?: unknown; next?: unknown } & Fields;
  if (!Array.isArray(items)) return one((output ?? {}) as Fields).join('\n');
  const columns = contract.resources[route.kind]?.columns ?? [];
  const more = next === undefined ? [] : ['', `There is more: --after ${String(next)}`];
  const truncated = rest.truncated === true ? ['', 'There is more.'] : [];
  return [...table(items as Fields[], columns), ...more, ...truncated].join('\n');
}

/** Names and values, then a table for each field that is a list of things. */
function one(output: Fields): string[] {
  const lists = Object.entries(output).filter(
    (field): field is [string, Fields[]] =>
      Array.isArray(field[1]) && field[1].length > 0 && field[1].every((item) => typeof item === 'object' && item !== null),
  );
  const names = new Set(lists.map(([name]) => name));
  const plain = lines(Object.fromEntries(Object.entries(output).filter(([name]) => !names.has(name))));
  const all = [...plain, ...lists.flatMap(([name, items]) => ['', `${name}:`, ...table(items, []).map((line) => `  ${line}`)])];
  return all.length === 0 ? ['Done.'] : all;
}

/** A resource shows its name, its kind's columns and when it was made; anything else its plain fields. */
function table(items: readonly Fields[], columns: readonly string[]): string[] {
  if (items.length === 0) return ['None.'];
  const isResource = items.every((item) => 'uid' in item && 'spec' in item);
  const heads = isResource
    ? ['name', ...columns, 'created']
    : [...new Set(items.flatMap((item) => Object.keys(item).filter((name) => typeof item[name] !== 'object')))];
  const rows = items.map((item) => heads.map((head) => (isResource ? resourceCell(item, head) : cell(head, item[head]))));
  return aligned([heads.map((head) => head.toUpperCase()), ...rows]);
}

function resourceCell(item: Fields, head: string): string {
  if (head === 'name') return clean(String(item.name));
  if (head === 'created') return cell('createdAt', item.createdAt);
  const { spec, status } = item as { spec?: Fields; status?: Fields };
  return cell(head, spec?.[head] ?? status?.[head]);
}

/** Fields called `at` or `...At` are instants. */
function cell(name: string, value: unknown): string {
  if (value === undefined || value === null) return '-';
  if (typeof value === 'number' && /(^at|At|lastModified|initiated)$/.test(name) && value > 0) return new Date(value).toISOString();
  return clean(typeof value === 'object' ? JSON.stringify(value) : String(value));
}

/** What others wrote must not steer the terminal. */
function clean(text: string): string {
  return text.replace(
    /[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** One thing as names and values; fields of objects have dots. */
export function lines(fields: Fields): string[] {
  const rows: string[][] = [];
  const add = (prefix: string, value: unknown) => {
    if (typeof value === 'object' && value !== null && !Array.isArray(value))
      for (const [name, inner] of Object.entries(value)) add(prefix === '' ? name : `${prefix}.${name}`, inner);
    else if (value !== undefined) rows.push([clean(prefix), cell(prefix, value)]);
  };
  add('', fields);
  return aligned(rows);
}
