import type { DeclareCursorStmt, SelectStmt } from 'libpg-query';
import { notBuilt } from '#engine/pgwire/statement-error.ts';

/** A cursor that a statement opens. */
export type Declaring = {
  readonly kind: 'declare';
  readonly name: string;
  readonly select: SelectStmt;
  readonly text: string;
  readonly hold: boolean;
  /** NO SCROLL. */
  readonly isForward: boolean;
};

// PostgreSQL's bits of the options of a cursor.
const [binary, noScroll, hold] = [1, 4, 32];

/** Understands DECLARE of a cursor. */
export function declared({ portalname = '', options = 0, query }: DeclareCursorStmt, text: string): Declaring {
  if (options & binary) throw notBuilt('A cursor in the binary format');
  if (!query || !('SelectStmt' in query)) throw notBuilt('A cursor of anything but a SELECT');
  return {
    kind: 'declare',
    name: portalname,
    select: query.SelectStmt,
    text,
    hold: (options & hold) !== 0,
    isForward: (options & noScroll) !== 0,
  };
}
