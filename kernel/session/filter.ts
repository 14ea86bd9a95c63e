import { frameOf } from '../policy/compile.ts';
import { residualOf } from '../policy/residual.ts';
import type { Columns } from '../policy/residual-row.ts';
import { textOf } from '../policy/sql.ts';
import { type Question, requestOf } from './request.ts';
import { isOfTenant, type PolicySets } from './verdict.ts';

type Filtered = { readonly contract: Parameters<typeof isOfTenant>[0]; readonly columns: Columns; readonly first: number };

/** What the sets let a caller see, as SQL: questions about a resource that is not known yet. */
export function filterSql(questions: readonly Question[], { guard, roles, own }: PolicySets, { contract, columns, first }: Filtered) {
  const asked = questions.map((question) => {
    const { request, entities } = requestOf(question);
    const frame = frameOf(request, entities);
    const parts = [
      { policies: guard?.about(frame) ?? [], mayPermit: false },
      { policies: roles?.about(frame) ?? [], mayPermit: true },
      { policies: own?.about(frame) ?? [], mayPermit: isOfTenant(contract, question.kind) },
    ];
    return { parts, frame };
  });
  const { where, isExact } = residualOf(asked, columns);
  const values: string[] = [];
  return { text: textOf(where, values, first), values, isExact };
}
