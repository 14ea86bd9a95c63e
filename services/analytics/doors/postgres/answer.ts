import type { Answer, Cells, Field } from '#engine/pgwire/application.ts';
import { type Column, oidOf } from '../../domain/value.ts';

export const none: Answer['rows'] = (async function* () {})();
export const fieldsOf = (columns: readonly Column[]): Field[] => columns.map(({ name, type }) => ({ name, oid: oidOf(type) }));

export async function* block(rows: readonly Cells[]): AsyncGenerator<readonly Cells[]> {
  yield rows;
}

/** The connection itself does what it is asked. */
export const unasked = (): never => {
  throw new TypeError('a statement about the connection came to the desk');
};
