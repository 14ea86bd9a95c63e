import type { SelectStmt } from 'libpg-query';
import type { Session } from '#kernel/contract/session.ts';
import { formatId } from '#kernel/tenancy/id.ts';
import type { Prepared } from '#engine/pgwire/application.ts';
import { StatementError } from '#engine/pgwire/statement-error.ts';
import { type CatalogueText, catalogueText } from '../../domain/catalogue.ts';
import type { analytics } from '../../service.ts';
import { type Catalogues, isTellable, type Question } from '../../store/catalogue.ts';

type Asked = { readonly select: SelectStmt; readonly text: string };
/** The pseudo-type of literals, which clients name where they leave the type to us. */
const unknownOid = 705;

/** A question to the catalogues: of the relations that the caller may list, answered by PostgreSQL itself. */
export async function askCatalogue(
  session: Session<typeof analytics>,
  catalogues: Catalogues,
  { select, text }: Asked,
  oids: readonly number[],
): Promise<Prepared> {
  const written = catalogueText(select, alone(text));
  const types = oids.map((oid) => (oid === unknownOid ? 0 : oid));
  const question = async (signal: AbortSignal): Promise<Question> => {
    const [sources, tables, views] = await Promise.all([
      session.invoke('ListSources', '', {}, { signal }),
      session.invoke('ListTables', '', {}, { signal }),
      session.invoke('ListViews', '', {}, { signal }),
    ]);
    const relations = [
      ...sources.output.items.map(({ name, columns }) => ({ name, columns, text: null })),
      ...tables.output.items.map(({ name, columns, key, required }) => ({ name, columns, text: null, key, required })),
      ...views.output.items.map(({ name, columns, text: made }) => ({ name, columns, text: made })),
    ];
    const { scope, credential } = session.caller;
    return { database: formatId(scope), user: formatId(credential), relations, text: written.text, types };
  };
  const asked = await question(session.signal);
  const { params, fields } = await told(written, () => catalogues.describe(asked));
  return {
    params,
    fields,
    async execute(given, signal) {
      const found = await told(written, async () => catalogues.rows(await question(signal), given));
      return {
        rows: (async function* () {
          yield found;
        })(),
        tag: (count) => `SELECT ${count}`,
      };
    },
  };
}

async function told<T>({ placeOf }: CatalogueText, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!isTellable(error)) throw error;
    throw new StatementError(error.sqlstate, error.message, error.position === undefined ? undefined : placeOf(error.position));
  }
}

/** The SELECT alone of a cursor or a COPY, where it stood in the text. */
function alone(text: string): string {
  const before = /^\s*declare\s[\s\S]*?\sfor\s+(?=select|with|values|table|\()/i.exec(text)?.[0] ?? /^\s*copy\s*\(/i.exec(text)?.[0];
  if (before === undefined) return text;
  const rest = text.slice(before.length);
  const end = /^\s*copy/i.test(before) ? rest.search(/\)\s*to\s+stdout(?![\s\S]*\)\s*to\s+stdout)/i) : rest.length;
  return ' '.repeat(Buffer.byteLength(before)) + rest.slice(0, end < 0 ? undefined : end);
}
