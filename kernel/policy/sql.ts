/** SQL as its parts: text, and values that become parameters. */
export type Sql = readonly (string | { readonly value: string })[];

/** SQL that is true or false, never null; undefined where nobody can tell. */
export type Condition = Sql | undefined;

export const yes: Sql = ['true'];
export const no: Sql = ['false'];

/** All of them. False where one is, even where another cannot be told. */
export function all(conditions: readonly Condition[]): Condition {
  if (conditions.includes(no)) return no;
  return joined(conditions, yes, ' and ');
}

/** At least one of them. */
export function any(conditions: readonly Condition[]): Condition {
  if (conditions.includes(yes)) return yes;
  return joined(conditions, no, ' or ');
}

function joined(conditions: readonly Condition[], neutral: Sql, word: string): Condition {
  const parts: Sql[] = [];
  for (const condition of conditions) {
    if (condition === undefined) return undefined;
    if (condition !== neutral) parts.push(condition);
  }
  const [first] = parts;
  if (first === undefined) return neutral;
  if (parts.length === 1) return first;
  return parts.flatMap((part, index) => [index === 0 ? '(' : word, ...part]).concat(')');
}

export function not(condition: Condition): Condition {
  if (condition === undefined) return undefined;
  if (condition === yes) return no;
  return condition === no ? yes : ['not (', ...condition, ')'];
}

/** The text of SQL, its values as `$1::text` and so on, counted from `first`; `values` are what stands there. */
export function textOf(sql: Sql, values: string[] = [], first = 1): string {
  return sql
    .map((part) => {
      if (typeof part === 'string') return part;
      values.push(part.value);
      return `$${first + values.length - 1}::text`;
    })
    .join('');
}
