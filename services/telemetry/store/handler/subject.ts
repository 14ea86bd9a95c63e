import { subjectHandlers, type SubjectItem } from '#kernel/privacy/subject.ts';
import { subjectWords } from '#kernel/privacy/subject-word.ts';
import type { Handle, Sql } from '#seams/sql/sql.ts';
import { subjectRowsMax } from '../../contract/limits.ts';

const forms = (subject: string) => [...subjectWords].map((name) => JSON.stringify({ [name]: subject }));

/** The tables that hold signals, what marks a row as somebody's, and what names a row within its environment. */
const tables = {
  Log: { table: 'log_record', about: '(attributes @> any($1::jsonb[]) or resource @> any($1::jsonb[]))', order: "at::text || ' ' || id" },
  Span: { table: 'span', about: '(attributes @> any($1::jsonb[]) or resource @> any($1::jsonb[]))', order: "trace || ' ' || span" },
  Series: { table: 'series', about: 'labels @> any($1::jsonb[])', order: 'id::text' },
} as const;

async function* rowsAbout(sql: Handle, kind: keyof typeof tables, subject: string): AsyncGenerator<SubjectItem> {
  const { table, about, order } = tables[kind];
  for (let after = ''; ; ) {
    const { rows } = await sql.query<{ place: string; row: Record<string, unknown> }>(
      `select ${order} as place, to_jsonb(t) - 'tenant' - 'scope' as row from ${table} t
       where ${about} and ${order} > $2 order by 1 limit ${subjectRowsMax}`,
      [forms(subject), after],
    );
    for (const { place, row } of rows) yield { kind, name: place, data: row };
    if (rows.length < subjectRowsMax) return;
    after = rows.at(-1)?.place ?? '';
  }
}

/** Export and erasure of the logs, spans and series that are about a person. */
export const subjects = (sql: Sql) =>
  subjectHandlers('telemetry', {
    async *find(at, subject) {
      for (const kind of Object.keys(tables) as (keyof typeof tables)[]) yield* rowsAbout(sql.as(at), kind, subject);
    },
    async erase(at, subject) {
      const wanted = forms(subject);
      const { Log, Span, Series } = tables;
      const results = await sql
        .as(at)
        .group(
          [
            `delete from point where series in (select id from ${Series.table} where ${Series.about})`,
            ...[Log, Span, Series].map(({ table, about }) => `delete from ${table} where ${about}`),
          ].map((text) => ({ text, params: [wanted] })),
        );
      return { erased: results.reduce((sum, { count }) => sum + count, 0), kept: [] };
    },
  });
