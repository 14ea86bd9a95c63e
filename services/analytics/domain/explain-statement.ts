import type { ExplainStmt, SelectStmt } from 'libpg-query';
import { notBuilt } from '#engine/pgwire/statement-error.ts';

/** EXPLAIN: `code` asks for what is generated too; `view`: of a view that would be made. */
export type Explain = {
  readonly kind: 'explain';
  readonly select: SelectStmt;
  readonly text: string;
  readonly code: boolean;
  readonly view: boolean;
};

/** Understands EXPLAIN. */
export function explained({ query, options = [] }: ExplainStmt, text: string): Explain {
  const names = options.map((option) => ('DefElem' in option ? (option.DefElem.defname ?? '') : ''));
  const other = names.find((name) => name !== 'code');
  if (other) throw notBuilt(`EXPLAIN with ${other.toUpperCase()}`);
  const code = names.includes('code');
  if (query && 'SelectStmt' in query) return { kind: 'explain', select: query.SelectStmt, text, code, view: false };
  if (query && 'CreateTableAsStmt' in query && query.CreateTableAsStmt.objtype === 'OBJECT_MATVIEW') {
    const { query: inner } = query.CreateTableAsStmt;
    if (inner && 'SelectStmt' in inner) return { kind: 'explain', select: inner.SelectStmt, text, code, view: true };
  }
  throw notBuilt('EXPLAIN of anything but a SELECT or a materialized view');
}
