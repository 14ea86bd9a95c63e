import { fault } from '../contract/fault.ts';
import { below, isObject, readRecord, readUid } from './json.ts';
import { ancestorMax } from './limits.ts';
import { equalRecords, type Value } from './value.ts';

/** What policy may know of one entity. The sets and maps are never changed once handed out. */
export type EntityData = {
  readonly attrs: ReadonlyMap<string, Value>;
  readonly tags?: ReadonlyMap<string, Value>;
  /** Keys of all its ancestors, parents of parents included. */
  readonly ancestors: ReadonlySet<string>;
};

/** Where decisions find entities, by the key that `entityKey` gives. Synchronous: a decision never waits. */
export interface EntitySource {
  get(key: string): EntityData | undefined;
}

export interface EntityStore extends EntitySource {
  readonly size: number;
}

type Node = { readonly data: EntityData; readonly parents: readonly string[] };

const none: ReadonlySet<string> = new Set();

/**
 * Reads entities in Cedar's JSON form (`uid`, `attrs`, `parents`, `tags`) and closes their ancestry. Throws BadInput
 * for a value without meaning, an entity given twice differently, a cycle, or more ancestors than `ancestorMax`.
 */
export function entityStore(json: readonly unknown[]): EntityStore {
  const nodes = new Map<string, Node>();
  for (const [index, item] of json.entries()) addNode(nodes, item, `/${index}`);
  const closure = new Map<string, ReadonlySet<string>>();
  const closed = new Map<string, EntityData>();
  for (const [key, node] of nodes) closed.set(key, { ...node.data, ancestors: close(key, nodes, closure) });
  return { size: closed.size, get: (key) => closed.get(key) };
}

function addNode(nodes: Map<string, Node>, item: unknown, path: string): void {
  if (!isObject(item)) throw fault('BadInput', { path, detail: `${path}: not an entity` });
  if (!Array.isArray(item.parents)) throw fault('BadInput', { path: `${path}/parents`, detail: `${path}/parents: not a list` });
  const { key } = readUid(item.uid, `${path}/uid`);
  const attrs = readRecord(item.attrs, `${path}/attrs`).attrs;
  const tags = item.tags === undefined ? undefined : readRecord(item.tags, `${path}/tags`).attrs;
  const parents = [...new Set(item.parents.map((parent, index) => readUid(parent, below(`${path}/parents`, index)).key))];
  const before = nodes.get(key);
  const node: Node = { data: { attrs, tags, ancestors: none }, parents };
  if (before && !same(before, node)) throw fault('BadInput', { path, detail: `${path}: ${key} is given twice, differently` });
  nodes.set(key, node);
}

function same(a: Node, b: Node): boolean {
  return (
    equalRecords(a.data.attrs, b.data.attrs) &&
    equalRecords(a.data.tags ?? new Map(), b.data.tags ?? new Map()) &&
    a.parents.length === b.parents.length &&
    a.parents.every((parent) => b.parents.includes(parent))
  );
}

/** The ancestors of one entity. Walks without recursion, since a chain may be long. */
function close(start: string, nodes: ReadonlyMap<string, Node>, closure: Map<string, ReadonlySet<string>>): ReadonlySet<string> {
  const open = [start];
  const entered = new Set<string>();
  for (let key = open.at(-1); key !== undefined; key = open.at(-1)) {
    const parents = nodes.get(key)?.parents ?? [];
    const waiting = closure.has(key) ? [] : parents.filter((parent) => !closure.has(parent));
    if (waiting.length === 0) {
      if (!closure.has(key)) closure.set(key, union(key, parents, closure));
      entered.delete(key);
      open.pop();
      continue;
    }
    if (entered.has(key)) throw fault('BadInput', { detail: `${key} is its own ancestor` });
    entered.add(key);
    open.push(...waiting);
  }
  return closure.get(start) ?? none;
}

function union(key: string, parents: readonly string[], closure: ReadonlyMap<string, ReadonlySet<string>>): ReadonlySet<string> {
  if (parents.length === 0) return none;
  const all = new Set(parents);
  for (const parent of parents) for (const ancestor of closure.get(parent) ?? none) all.add(ancestor);
  if (all.size > ancestorMax) throw fault('BadInput', { detail: `${key} has more ancestors than ancestorMax (${ancestorMax}) allows` });
  return all;
}
