import { sqlstates, StatementError } from '#engine/pgwire/statement-error.ts';
import type { Token } from './parser.ts';

/** What is asked of one relation or function: the statement that makes it, or its columns. */
export type Telling =
  | { readonly kind: 'showCreate'; readonly of: 'source' | 'table' | 'view' | 'sink' | 'function'; readonly name: string }
  | { readonly kind: 'showColumns'; readonly name: string };

const kinds = { source: 'source', table: 'table', view: 'view', sink: 'sink', function: 'function' } as const;

/** SHOW CREATE {SOURCE | TABLE | [MATERIALIZED] VIEW | SINK | FUNCTION} name, SHOW COLUMNS FROM name and DESCRIBE name. */
export function tellingOf(tokens: readonly Token[]): Telling | undefined {
  const words = tokens.map((token) => token.text.toLowerCase());
  const nameAt = (at: number): string => {
    const rest = tokens.slice(at, words.at(-1) === ';' ? -1 : undefined).map((token) => token.text);
    if (rest.length === 0) throw new StatementError(sqlstates.syntax, 'there is no name of what is to be shown');
    return rest.join('');
  };
  if (words[0] === 'describe') return { kind: 'showColumns', name: nameAt(1) };
  if (words[0] === 'show' && words[1] === 'columns' && words[2] === 'from') return { kind: 'showColumns', name: nameAt(3) };
  if (words[0] !== 'show' || words[1] !== 'create') return undefined;
  const at = words[2] === 'materialized' ? 3 : 2;
  const word = words[at] ?? '';
  if (!Object.hasOwn(kinds, word)) throw new StatementError(sqlstates.syntax, 'SHOW CREATE {SOURCE | TABLE | VIEW | SINK | FUNCTION} name');
  return { kind: 'showCreate', of: kinds[word as keyof typeof kinds], name: nameAt(at + 1) };
}
