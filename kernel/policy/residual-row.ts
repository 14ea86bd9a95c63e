import { isObject } from './json.ts';
import { any, type Condition, no } from './sql.ts';

/** What a filter speaks of: SQL expressions of a resource's name (text), its attributes and its labels (both jsonb). */
export type Columns = { readonly name: string; readonly attributes: string; readonly labels: string };

/** Whether the row is one of these entities, by their keys. */
export function namedBy(keys: readonly string[], type: string, { name }: Columns): Condition {
  const prefix = `${type}::"`;
  const ids = keys.filter((key) => key.startsWith(prefix)).map((key) => key.slice(prefix.length, -1));
  return any(ids.map((id) => (id.includes('\0') ? no : [`${name} = `, { value: id }])));
}

/** Whether an expression speaks of the resource. */
export function mentionsResource(json: unknown): boolean {
  if (!isObject(json)) return false;
  const [[name, body] = []] = Object.entries(json);
  if (name === 'Value') return false;
  if (name === 'Var') return body === 'resource';
  if (Array.isArray(body)) return body.some(mentionsResource);
  return isObject(body) && Object.values(body).some(mentionsResource);
}
