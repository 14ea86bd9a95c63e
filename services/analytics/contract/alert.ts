import { alertOperations, telling } from '#kernel/alert/contract.ts';
import { crud } from '#kernel/contract/crud.ts';
import { Type } from '#kernel/contract/type.ts';
import { conditionMax } from './limits.ts';
import { closed, Name } from './part.ts';

export const AlertRuleSpec = Type.Object(
  {
    view: Type.String({ ...Name, description: 'The view that is watched, as of its commits.' }),
    when: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: conditionMax,
        description: "A condition in SQL on the view's rows, such as n > 100; all rows, if not said.",
      }),
    ),
    absent: Type.Optional(Type.Boolean({ description: 'It alerts when there is no such row, instead of when there is one.' })),
    by: Type.Optional(
      Type.Array(Name, { maxItems: 4, description: 'Columns that tell alerts apart: each combination of values alerts by itself.' }),
    ),
    value: Type.Optional(Type.String({ ...Name, description: 'The column whose number is told; how many rows there are, if not said.' })),
    ...telling,
  },
  closed,
);

/** Rules over views, who is told, and silences are resources of the kernel; alerts follow from them. */
export const viewAlertOperations = { ...crud({ kind: 'AlertRule', title: 'rule', spec: AlertRuleSpec }), ...alertOperations } as const;
