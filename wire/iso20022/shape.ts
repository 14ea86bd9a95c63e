import type { XmlElement } from '../xml/read.ts';
import type { XmlContent, XmlNode } from '../xml/write.ts';
import { Iso20022Error } from './violation.ts';

export type Written = { readonly content: XmlContent; readonly attributes?: Readonly<Record<string, string>> };

/** How a value stands in an element: one description that messages are written and read by. */
export type Shape<T> = {
  write(value: T, path: string): Written;
  read(element: XmlElement, path: string): T;
};

type Count = 'one' | 'maybe' | 'many';

/** A child of an element: our name of it, the elements that lead to it, and how often it is there. */
export type Field<Key extends string = string, Value = unknown, Times extends Count = Count> = {
  readonly key: Key;
  readonly tags: readonly string[];
  readonly times: Times;
  readonly shape: Shape<Value>;
};

const field = <const Key extends string, Value, const Times extends Count>(key: Key, path: string, times: Times, shape: Shape<Value>) =>
  ({ key, tags: path.split('/'), times, shape }) satisfies Field<Key, Value, Times>;

/** A child that must be there. */
export const one = <const Key extends string, Value>(key: Key, path: string, shape: Shape<Value>): Field<Key, Value, 'one'> =>
  field(key, path, 'one', shape);
/** A child that may be there. */
export const maybe = <const Key extends string, Value>(key: Key, path: string, shape: Shape<Value>): Field<Key, Value, 'maybe'> =>
  field(key, path, 'maybe', shape);
/** A child that may be there any number of times. */
export const many = <const Key extends string, Value>(key: Key, path: string, shape: Shape<Value>): Field<Key, readonly Value[], 'many'> =>
  field(key, path, 'many', shape as unknown as Shape<readonly Value[]>);

type Of<F, Times extends Count> = F extends Field<infer Key, infer Value, Times> ? { readonly key: Key; readonly value: Value } : never;

/** The value that fields make. */
export type Grouped<Fields extends readonly Field[]> = {
  readonly [One in Of<Fields[number], 'one' | 'many'> as One['key']]: One['value'];
} & { readonly [One in Of<Fields[number], 'maybe'> as One['key']]?: One['value'] };

/**
 * An element of children in the schema's order. What a schema has beyond these fields is passed over; what we know stands in its
 * order, as often as it may, or is refused.
 */
export function group<const Fields extends readonly Field[]>(
  fields: Fields,
  check?: (value: Grouped<Fields>, path: string) => void,
): Shape<Grouped<Fields>> {
  const order = new Map(fields.map(({ tags }, index) => [tags[0]!, index]));
  return {
    write(value, path) {
      const values = value as Readonly<Record<string, unknown>>;
      const content = fields.flatMap((one): XmlNode[] => {
        const given = values[one.key];
        const items = one.times === 'many' ? (given as readonly unknown[]) : given === undefined ? [] : [given];
        if (one.times === 'one' && items.length === 0) throw new Iso20022Error('is missing', join(path, one.tags.join('/')));
        return items.map((item, index) => nodeOf(one, item, join(path, place(one, index))));
      });
      check?.(value, path);
      return { content: merged(content) };
    },
    read(element, path) {
      inOrder(element, path, order);
      const value = Object.fromEntries(fields.map((one) => [one.key, readField(one, element, path)]).filter(([, of]) => of !== undefined));
      check?.(value as Grouped<Fields>, path);
      return value as Grouped<Fields>;
    },
  };
}

const join = (path: string, name: string): string => (path === '' ? name : `${path}/${name}`);
const place = ({ tags, times }: Field, index: number): string => `${tags.join('/')}${times === 'many' ? `[${index + 1}]` : ''}`;

function nodeOf({ tags, shape }: Field, item: unknown, path: string): XmlNode {
  const { content, attributes } = shape.write(item, path);
  let node: XmlNode = [tags.at(-1)!, content, attributes];
  for (const tag of tags.slice(0, -1).reverse()) node = [tag, [node]];
  return node;
}

/** Two fields that lead through the same element stand in one. */
function merged(nodes: readonly XmlNode[]): XmlNode[] {
  const found: XmlNode[] = [];
  for (const node of nodes) {
    const last = found.at(-1);
    const isShared = last?.[0] === node[0] && isLeading(last) && isLeading(node);
    if (isShared) found[found.length - 1] = [node[0], merged([...(last[1] as readonly XmlNode[]), ...(node[1] as readonly XmlNode[])])];
    else found.push(node);
  }
  return found;
}

/** Whether a node was made of a path and not of a shape: those have a slot for attributes. */
const isLeading = (node: XmlNode): boolean => node.length === 2;

function inOrder(element: XmlElement, path: string, order: ReadonlyMap<string, number>): void {
  let before = -1;
  for (const { name } of element.children) {
    const index = order.get(name);
    if (index === undefined) continue;
    if (index < before) throw new Iso20022Error('stands in the wrong order', join(path, name));
    before = index;
  }
}

function readField(one: Field, element: XmlElement, path: string): unknown {
  const { tags, times, shape } = one;
  let found = [element];
  for (const tag of tags) found = found.flatMap(({ children }) => children.filter(({ name }) => name === tag));
  if (times === 'many') return found.map((child, index) => shape.read(child, join(path, place(one, index))));
  if (found.length > 1) throw new Iso20022Error(`is there ${found.length} times`, join(path, tags.join('/')));
  if (found.length === 0 && times === 'one') throw new Iso20022Error('is missing', join(path, tags.join('/')));
  return found[0] && shape.read(found[0], join(path, tags.join('/')));
}
